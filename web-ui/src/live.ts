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
  document.addEventListener("htmx:sse:after:message", () => {
    set(true);
    // For parts of a page that fetch what is new by themselves (hx-trigger="gatepost:changed from:body").
    document.body.dispatchEvent(new Event("gatepost:changed"));
  });
  document.addEventListener("htmx:sse:error", () => set(false));
  document.addEventListener("htmx:sse:close", (event) => {
    const reason = (event as CustomEvent<{ reason?: string }>).detail?.reason;
    if (reason === "ended") set(false);
  });
  addEventListener("offline", () => set(false));
  addEventListener("online", () => {
    // A stream that broke says so when it is back; one that survived, or none at all, says nothing by itself.
    const stream = document.querySelector<Element & { _htmx?: { sse?: { reader?: unknown } } }>("[hx-sse\\:connect]");
    if (!stream || stream._htmx?.sse?.reader) set(true);
  });
  if (!navigator.onLine) set(false);
}
