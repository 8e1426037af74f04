// The service worker of this app.
import { serveOffline } from "../shared/sw";

declare const self: ServiceWorkerGlobalScope;

serveOffline(self);
