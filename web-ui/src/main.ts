// Entry point. Everything here only adds to pages that already work: links navigate and forms post without it.
import "htmx.org/dist/htmx.esm.js";
import "htmx.org/dist/ext/hx-sse.js";
import { startBulkSelection } from "./bulk";
import { startDialogs } from "./dialogs";
import { startFields } from "./fields";
import { startKeyboard } from "./keyboard";
import { startLive } from "./live";
import { startPalette } from "./palette";
import { startTheme } from "./theme";
import { startTimes } from "./times";
import { startToasts } from "./toasts";

startTheme();
startDialogs();
startPalette();
startKeyboard();
startFields();
startBulkSelection();
startToasts();
startTimes();
startLive();
