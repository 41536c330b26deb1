// Entry point. Everything here only adds to pages that already work: links navigate and forms post without it.
import "htmx.org/dist/htmx.esm.js";
import "htmx.org/dist/ext/hx-sse.js";
import { startBulkSelection } from "./bulk";
import { startCalendar } from "./calendar";
import { startComposer } from "./composer";
import { startCrop } from "./crop";
import { startDialogs } from "./dialogs";
import { startErrors } from "./errors";
import { startFields } from "./fields";
import { startFilter } from "./filter";
import { startKeyboard } from "./keyboard";
import { startLive } from "./live";
import { startPalette } from "./palette";
import { startPasskeys } from "./passkeys";
import { startTheme } from "./theme";
import { startTimes } from "./times";
import { startToasts } from "./toasts";
import { startUploads } from "./uploads";

// A scrolling row of links shows the one that is current.
function showCurrent(): void {
  document.querySelectorAll(".subnav [aria-current], .tabs [aria-current]").forEach((link) => link.scrollIntoView({ block: "nearest", inline: "center" }));
}

startTheme();
startDialogs();
startPalette();
startKeyboard();
startFields();
startFilter();
startBulkSelection();
startToasts();
startErrors();
startTimes();
startLive();
startPasskeys();
startComposer();
startUploads();
startCrop();
startCalendar();
showCurrent();
