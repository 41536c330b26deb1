// Passkeys: a form that asks the browser for a credential before it posts. The form names where the ceremony starts (data-passkey-start,
// a POST that answers with WebAuthn options as JSON, either bare or under "publicKey"); the credential goes into its field "credential"
// as JSON and the form is sent as any other. Needs scripts and says so by not being offered without them.
import { on } from "./dom";
import { toast } from "./toasts";

type Ceremony = "create" | "get";

/** The one ceremony that waits for autofill; a press of the button takes its place. */
let waiting: AbortController | null = null;

async function start(form: HTMLFormElement): Promise<unknown> {
  const response = await fetch(form.dataset["passkeyStart"] ?? "", { method: "POST", headers: { Accept: "application/json" }, body: new URLSearchParams(new FormData(form) as unknown as Record<string, string>) });
  if (!response.ok) throw new Error(`the server answered ${response.status}`);
  const answer = (await response.json()) as { publicKey?: unknown };
  return answer.publicKey ?? answer;
}

async function credential(ceremony: Ceremony, options: unknown, conditional: boolean): Promise<PublicKeyCredential | null> {
  waiting?.abort();
  waiting = new AbortController();
  const signal = waiting.signal;
  if (ceremony === "create") {
    const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options as PublicKeyCredentialCreationOptionsJSON);
    return (await navigator.credentials.create({ publicKey, signal })) as PublicKeyCredential | null;
  }
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options as PublicKeyCredentialRequestOptionsJSON);
  return (await navigator.credentials.get({ publicKey, signal, ...(conditional ? { mediation: "conditional" as const } : {}) })) as PublicKeyCredential | null;
}

async function run(form: HTMLFormElement, conditional: boolean): Promise<void> {
  const found = await credential(form.dataset["passkey"] as Ceremony, await start(form), conditional);
  const field = form.querySelector<HTMLInputElement>("input[name=credential]");
  if (!found || !field) return;
  field.value = JSON.stringify(found.toJSON());
  form.submit();
}

/** What went wrong, in words that help; `null` when the person or this page broke it off on purpose. */
function explain(error: unknown): string | null {
  const name = error instanceof DOMException ? error.name : "";
  if (name === "AbortError") return null;
  if (name === "NotAllowedError") return "No passkey was used. Try again, or sign in another way.";
  if (name === "InvalidStateError") return "This device already has a passkey for this account.";
  if (name === "SecurityError") return "Passkeys need the address that they were made for. Open Gatepost under its own name.";
  return "The passkey could not be used. Try again, or sign in another way.";
}

export function startPasskeys(): void {
  const forms = document.querySelectorAll<HTMLFormElement>("form[data-passkey]");
  if (forms.length === 0) return;
  if (!("PublicKeyCredential" in window) || !("parseRequestOptionsFromJSON" in PublicKeyCredential)) {
    forms.forEach((form) => (form.hidden = true));
    return;
  }
  on("submit", "form[data-passkey]", (event, element) => {
    const form = element as HTMLFormElement;
    event.preventDefault();
    run(form, false).catch((error: unknown) => {
      const words = explain(error);
      if (words) toast("warning", words);
    });
  });
  // Autofill may offer a passkey in the address field; a failure here is silent because nobody asked yet.
  const offered = document.querySelector<HTMLFormElement>("form[data-passkey=get][data-passkey-autofill]");
  if (offered && document.querySelector("input[autocomplete~=webauthn]")) {
    void PublicKeyCredential.isConditionalMediationAvailable?.().then((can) => (can ? run(offered, true).catch(() => undefined) : undefined));
  }
}
