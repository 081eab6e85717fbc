// Unpacks the page's script and runs it. The script is compressed, which makes the page half as large. The
// Content-Security-Policy contains its hash.

import { unpacked } from "./packed";

const script = document.createElement("script");
script.type = "module";
script.textContent = await (await unpacked("packed-script")).text();
document.body.append(script);
