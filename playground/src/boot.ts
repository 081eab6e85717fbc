// Runs the page's script. It is compressed, so that the page is half as large; the Content-Security-Policy has its
// hash, too.

import { unpacked } from "./packed";

const script = document.createElement("script");
script.type = "module";
script.textContent = await (await unpacked("packed-script")).text();
document.body.append(script);
