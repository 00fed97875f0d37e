/* The style sheets: light and dark by what the reader's system prefers, black on white on paper.
 *
 * Text is never laid over a coloured area, and every colour that carries a meaning has a word beside it. */
#include "render/html.h"

/* clang-format off */
const char llw_svg_style[] =
    "svg{--ink:#1b1f24;--soft:#57606a;--line:#d0d7de;--weights:#0b6e99;--kv:#c77d00;--compute:#5a8f2f;"
    "--bad:#b3261e;--d0:#0b6e99;--d1:#b45309;--d2:#6d28d9;--d3:#3f7d20;--host:#57606a}"
    "@media (prefers-color-scheme:dark){svg{--ink:#e6edf3;--soft:#9aa5b1;--line:#3d444d;"
    "--weights:#4cb5e0;--kv:#e3a33b;--compute:#8ccf5a;--bad:#ff8a80;--d0:#4cb5e0;--d1:#f0a35e;"
    "--d2:#b79cff;--d3:#8ccf5a;--host:#9aa5b1}}@media print{svg{--ink:#000;--soft:#333;--line:#999}}"
    "svg text{font:13px system-ui,sans-serif;fill:var(--ink)}svg .soft{fill:var(--soft)}"
    "svg .bad{fill:var(--bad);font-weight:600}svg .weights{fill:var(--weights)}svg .kv{fill:var(--kv)}"
    "svg .compute{fill:var(--compute)}svg .draft{fill:var(--d2)}svg .free{fill:none;stroke:var(--soft);stroke-width:1.5}"
    "svg .over{fill:none;stroke:var(--bad);stroke-width:2}svg .axis{stroke:var(--line);stroke-width:1}"
    "svg .now{stroke:var(--soft);stroke-width:1;stroke-dasharray:2 3}"
    "svg .turn{stroke:var(--bad);stroke-width:1.5}svg .curve{fill:none;stroke-width:2}"
    "svg .limit{stroke-width:1.5;stroke-dasharray:7 4}svg .d0{stroke:var(--d0)}svg .d1{stroke:var(--d1)}"
    "svg .d2{stroke:var(--d2)}svg .d3{stroke:var(--d3)}svg .host{stroke:var(--host)}";

const char llw_html_style[] =
    ":root{color-scheme:light dark;--ink:#1b1f24;--soft:#57606a;--paper:#fff;--card:#f6f8fa;"
    "--line:#d0d7de;--bad:#b3261e;--good:#1a7f37;--warn:#8a5a00;--link:#0a58ca}"
    "@media (prefers-color-scheme:dark){:root{--ink:#e6edf3;--soft:#9aa5b1;--paper:#0d1117;"
    "--card:#161b22;--line:#3d444d;--bad:#ff8a80;--good:#6fdd8b;--warn:#e3b341;--link:#79b8ff}}"
    "*{box-sizing:border-box}"
    "body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.5 system-ui,sans-serif}"
    "main,footer{max-width:60rem;margin:0 auto;padding:1rem}"
    "article+article{border-top:2px solid var(--line);margin-top:2rem}"
    "h1{font-size:1.35rem;line-height:1.3;margin:1rem 0 .2rem}h2{font-size:1.1rem;margin:1.8rem 0 .5rem}"
    "h1,h2,p,li,summary,td,th,code{overflow-wrap:anywhere}.soft,footer{color:var(--soft)}"
    ".verdict{font-size:1.15rem;font-weight:600;border-left:.4rem solid;padding:.5rem .8rem;"
    "background:var(--card)}.good{color:var(--good)}.bad{color:var(--bad)}.warn{color:var(--warn)}"
    ".verdict span{color:var(--ink)}figure{overflow-x:auto;margin:1rem 0}"
    "figcaption{color:var(--soft);margin-bottom:.3rem}"
    "svg{display:block;width:100%;min-width:35rem;height:auto}"
    ".plan{border:1px solid var(--line);background:var(--card);border-radius:.4rem;padding:.6rem .9rem;"
    "margin:.8rem 0}.plan h2{margin:0;font-size:1rem}.flag{white-space:nowrap}code{font:.92em ui-monospace,monospace}"
    "pre{margin:.5rem 0;white-space:pre-wrap}"
    ".plan pre{border:1px solid var(--line);border-radius:.3rem;padding:.5rem;background:var(--paper)}"
    "ul{margin:.2rem 0;padding-left:1.3rem}.tree,.tree ul{list-style:none}.tree{padding-left:0}"
    ".tree>li+li{margin-top:.6rem}"
    ".tree ul{border-left:1px solid var(--line);margin-left:.45rem;padding-left:1rem}"
    "summary{cursor:pointer}"
    "summary:focus-visible,a:focus-visible{outline:2px solid var(--link);outline-offset:2px}"
    ".level{font-weight:600}.origin,.code{color:var(--soft);font-size:.92em}.code{white-space:nowrap}"
    "table{border-collapse:collapse;margin:.5rem 0;display:block;overflow-x:auto}"
    "caption{text-align:left;color:var(--soft)}"
    "th,td{border-bottom:1px solid var(--line);padding:.2rem .7rem .2rem 0;text-align:right;"
    "font-variant-numeric:tabular-nums}"
    "th:first-child,td:first-child,th:nth-child(2),td:nth-child(2){text-align:left}"
    "thead th{color:var(--soft);font-weight:600}"
    ".doc td,.doc th{text-align:left;vertical-align:top;overflow-wrap:normal}"
    ".doc pre{white-space:pre;overflow-x:auto}"
    "@media print{body{background:#fff;color:#000;font-size:11pt}.plan,figure,tr{break-inside:avoid}h2{"
    "break-after:avoid}}";
/* clang-format on */
