// Live updates: htmx's SSE extension holds the stream and reconnects with backoff. This says honestly whether the page is current:
// data-live="off" on <html> shows the strip "not live". A browser that is offline is known at once, a silent server after one failure.

export function startLive(): void {
  const root = document.documentElement;
  const set = (on: boolean) => {
    const now = on ? "on" : "off";
    if (root.dataset["live"] === now) return;
    root.dataset["live"] = now;
    const said = document.querySelector<HTMLElement>("[data-live-said]");
    // Announced once per change, not at the first connection of a page.
    if (said && (!on || said.dataset["wasOff"])) said.textContent = on ? "Live updates are back." : "Live updates are paused. Reconnecting.";
    if (said && !on) said.dataset["wasOff"] = "yes";
  };
  document.addEventListener("htmx:sse:after:connection", () => set(true));
  document.addEventListener("htmx:sse:error", () => set(false));
  document.addEventListener("htmx:sse:close", (event) => {
    const reason = (event as CustomEvent<{ reason?: string }>).detail?.reason;
    if (reason === "ended") set(false);
  });
  addEventListener("offline", () => set(false));
  addEventListener("online", () => {
    // Without a stream on this page there is nothing else that would say so.
    if (!document.querySelector("[hx-sse\\:connect]")) set(true);
  });
  if (!navigator.onLine) set(false);
}
