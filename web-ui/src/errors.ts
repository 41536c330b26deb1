// A partial request that fails says so and leaves the page as it is; htmx is told (meta htmx-config) not to swap such answers in.
import { toast } from "./toasts";

interface Failure {
  ctx?: { response?: { status?: number }; sourceElement?: Element };
}

function say(status: number): void {
  if (status === 401) {
    // Signed out meanwhile: the server sends this address to the door and back.
    location.reload();
  } else if (status === 403) {
    toast("warning", "You do not have the right to do this.");
  } else if (status === 404) {
    toast("warning", "This is not there any more. Reload the page.");
  } else if (status === 429) {
    toast("warning", "Too many requests. Wait a moment and try again.");
  } else if (status >= 500) {
    toast("danger", "The server could not do this. Nothing was changed on this page; try again.");
  }
}

export function startErrors(): void {
  document.addEventListener("htmx:response:error", (event) => say((event as CustomEvent<Failure>).detail.ctx?.response?.status ?? 0));
  document.addEventListener("htmx:error", (event) => {
    const detail = (event as CustomEvent<Failure>).detail;
    const stream = detail.ctx?.sourceElement?.hasAttribute("hx-sse:connect");
    if (detail.ctx && !detail.ctx.response && !stream) toast("danger", "The server did not answer. Check the connection and try again.");
  });
}
