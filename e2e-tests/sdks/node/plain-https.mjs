// Loaded before the program (`node --import`): sends requests for HTTPS to the server that `HTTPS_PROXY` names, without
// TLS, with `/https/HOST` before their path. Node.js itself ignores the variable.

import http from "node:http";
import https from "node:https";
import { syncBuiltinESMExports } from "node:module";

if (process.env.HTTPS_PROXY) {
  const { hostname, port } = new URL(process.env.HTTPS_PROXY);
  https.request = (options, callback) => {
    const path = `/https/${options.hostname ?? options.host}${options.path}`;
    return http.request({ ...options, protocol: "http:", agent: undefined, host: hostname, hostname, port, path }, callback);
  };
  syncBuiltinESMExports();
}
