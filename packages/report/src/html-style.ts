/** The style of a page. Text against its ground is at least 4.5:1 in light and dark, lines of charts at least 3:1. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --ground: #fbfbf9; --panel: #ffffff; --ink: #1d2127; --muted: #59616d; --rule: #dedfdb; --link: #0a58a8; --code: #f1f1ed;
  --pass: #14663a; --warn: #7a4d00; --fail: #a8182c; --info: #2b5c8a;
  --pass-tint: #e6f4ea; --warn-tint: #fdf2d9; --fail-tint: #fdeaea; --info-tint: #e8f0f8;
  --s1: #2a6bb0; --s2: #c04d0a; --s3: #187a57; --s4: #84459a; --s5: #85690a; --s6: #5b6470;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #111418; --panel: #181c22; --ink: #e7eaee; --muted: #a0a9b6; --rule: #2c333d; --link: #7db7f5; --code: #20262e;
    --pass: #6fcf97; --warn: #e7b75f; --fail: #ff8f8f; --info: #8fc1f0;
    --pass-tint: #14291e; --warn-tint: #2d2411; --fail-tint: #33191c; --info-tint: #172636;
    --s1: #6cb0f0; --s2: #f2955c; --s3: #52c79c; --s4: #cf95de; --s5: #d8b84c; --s6: #a7b0bd;
  }
}
* { box-sizing: border-box; }
html { scroll-behavior: smooth; scroll-padding-top: 1rem; }
@media (prefers-reduced-motion: reduce) { html { scroll-behavior: auto; } }
body {
  margin: 0; background: var(--ground); color: var(--ink);
  font: 16px/1.55 ui-sans-serif, system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif;
}
.page { max-width: 64rem; margin: 0 auto; padding: 2.5rem 1.5rem 4rem; }
a { color: var(--link); text-underline-offset: .15em; }
:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; border-radius: 3px; }
.skip { position: absolute; left: -999rem; }
.skip:focus { left: 1rem; top: 1rem; background: var(--panel); padding: .5rem 1rem; z-index: 1; }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.muted { color: var(--muted); }
h1, h2, h3 { line-height: 1.25; text-wrap: balance; overflow-wrap: anywhere; }
h1 { font-size: 1.9rem; letter-spacing: -.015em; margin: 0 0 .4rem; }
h2 { font-size: 1.35rem; margin: 0; letter-spacing: -.01em; } h2 .muted { font-weight: 400; margin-left: .3em; }
h3 { font-size: 1.05rem; margin: 2.2rem 0 .6rem; }
p { margin: .6rem 0; max-width: 75ch; overflow-wrap: anywhere; }
li { overflow-wrap: anywhere; max-width: 75ch; }
header .muted { margin: .6rem 0 0; } h1 + .muted { margin: 0; }
.verdict { border-left: 4px solid; border-radius: 4px; padding: .9rem 1.2rem; margin: 1.2rem 0 0; }
.verdict p { margin: .15rem 0 0; font-size: 1.1rem; color: var(--ink); }
.badge { font-weight: 650; white-space: nowrap; }
.badge svg { width: .95em; height: .95em; vertical-align: -.09em; margin-right: .4em; }
.pass { color: var(--pass); } .warn { color: var(--warn); } .fail { color: var(--fail); } .info { color: var(--info); }
.verdict.pass { background: var(--pass-tint); } .verdict.warn { background: var(--warn-tint); }
.verdict.fail { background: var(--fail-tint); } .verdict.info { background: var(--info-tint); }
nav { margin-top: 2rem; }
nav h2 { font-size: 1.05rem; margin-bottom: .5rem; }
nav ul { list-style: none; margin: 0; padding: 0; display: flex; flex-wrap: wrap; gap: .2rem 1.4rem; }
article, main > section { margin-top: 3rem; padding-top: 1.6rem; border-top: 1px solid var(--rule); }
.scroll { overflow-x: auto; margin: .8rem 0; border: 1px solid var(--rule); border-radius: 6px; background: var(--panel); }
table { border-collapse: collapse; width: 100%; font-size: .92rem; font-variant-numeric: tabular-nums; }
th, td { padding: .5rem .8rem; text-align: left; vertical-align: top; overflow-wrap: break-word; }
tbody th { font-weight: inherit; }
tbody tr + tr > * { border-top: 1px solid var(--rule); }
thead th { font-weight: 600; color: var(--muted); border-bottom: 1px solid var(--rule); white-space: nowrap; }
.right { text-align: right; } td.right { white-space: nowrap; } .center { text-align: center; }
th button { all: unset; cursor: pointer; }
th button:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; border-radius: 3px; }
th button::after, .right button::before { content: '\\2195'; opacity: .45; margin-left: .4em; font-weight: 400; }
th[aria-sort=ascending] button::after, .right[aria-sort=ascending] button::before { content: '\\2191'; opacity: 1; }
th[aria-sort=descending] button::after, .right[aria-sort=descending] button::before { content: '\\2193'; opacity: 1; }
th.right button::after { content: none; }
.right button::before { margin: 0 .4em 0 0; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .35rem 1.4rem; margin: .8rem 0; }
dt { color: var(--muted); } dd { margin: 0; overflow-wrap: anywhere; }
code, pre { font-family: ui-monospace, 'SF Mono', SFMono-Regular, Menlo, Consolas, monospace; font-size: .9em; }
code { background: var(--code); border-radius: 4px; padding: .1em .35em; overflow-wrap: anywhere; }
td code, tbody th code { overflow-wrap: break-word; }
pre { background: var(--code); border-radius: 6px; padding: .9rem 1.1rem; overflow-x: auto; font-size: .88rem; line-height: 1.5; }
pre code { background: none; padding: 0; font-size: inherit; }
details { margin: .9rem 0; }
summary { cursor: pointer; color: var(--link); width: fit-content; }
.chart { margin: 1.4rem 0; border: 1px solid var(--rule); border-radius: 6px; background: var(--panel); padding: 1rem 1.2rem .6rem; }
.plot { overflow-x: auto; } .plot svg { display: block; width: 100%; height: auto; }
figcaption { font-weight: 600; }
.legend { list-style: none; display: flex; flex-wrap: wrap; gap: .2rem 1.6rem; padding: 0; margin: .3rem 0 .8rem; font-size: .9rem; }
.key { width: 28px; height: 12px; margin-right: .5em; vertical-align: -.05em; }
.chart text { fill: var(--muted); font: 12px ui-sans-serif, system-ui, sans-serif; font-variant-numeric: tabular-nums; }
.grid { stroke: var(--rule); } .floor { stroke: var(--muted); }
.line { fill: none; stroke-width: 2.25; stroke-linejoin: round; stroke: var(--of); }
.mark { fill: var(--panel); stroke: var(--of); stroke-width: 2; }
.bar { fill: var(--of); stroke: var(--of); }
.s1 { --of: var(--s1); } .s2 { --of: var(--s2); } .s3 { --of: var(--s3); }
.s4 { --of: var(--s4); } .s5 { --of: var(--s5); } .s6 { --of: var(--s6); }
.line.s2 { stroke-dasharray: 7 4; } .line.s3 { stroke-dasharray: 2 4; } .line.s4 { stroke-dasharray: 9 3 2 3; }
.line.s5 { stroke-dasharray: 14 4; } .line.s6 { stroke-dasharray: 4 2; }
.bar.s2, .bar.s4, .bar.s6 { fill-opacity: .25; stroke-width: 1.5; }
.drawn .plot > svg { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
.plot { position: relative; } .readout { margin: 0; min-height: 1.6em; font-size: .88rem; color: var(--muted); font-variant-numeric: tabular-nums; }
.legend button { all: unset; cursor: pointer; } .legend button[aria-pressed=false] { text-decoration: line-through; color: var(--muted); }
.legend button:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; border-radius: 3px; }
.u-select { background: color-mix(in srgb, var(--link) 15%, transparent); }
.graph .plot svg { width: auto; max-width: 100%; min-width: 44rem; margin: .6rem 0; } .box { fill: var(--code); stroke: var(--muted); }
.chart .name { fill: var(--ink); font-weight: 600; } .edge { fill: none; stroke: var(--muted); stroke-width: 1.5; } .tip { fill: var(--muted); }
.data { font-size: .9rem; } .data .scroll { max-height: 20rem; overflow-y: auto; }
footer { margin-top: 4rem; padding-top: 1rem; border-top: 1px solid var(--rule); color: var(--muted); font-size: .88rem; }
@media (max-width: 40rem) { .page { padding: 1.5rem 1rem 3rem; } dl { grid-template-columns: 1fr; gap: 0; } dd { margin-bottom: .5rem; } .plot svg { min-width: 34rem; } nav td:last-child { min-width: 15rem; } }
@media print {
  :root {
    --ground: #fff; --panel: #fff; --ink: #000; --muted: #444; --rule: #bbb; --link: #000; --code: #f4f4f2;
    --pass: #14663a; --warn: #7a4d00; --fail: #a8182c; --info: #2b5c8a;
    --pass-tint: #fff; --warn-tint: #fff; --fail-tint: #fff; --info-tint: #fff;
    --s1: #2a6bb0; --s2: #c04d0a; --s3: #187a57; --s4: #84459a; --s5: #85690a; --s6: #5b6470;
    color-scheme: light;
  }
  body { font-size: 10.5pt; }
  .page { max-width: none; padding: 0; }
  .skip, .data, .live, nav ul { display: none; }
  .drawn .plot > svg { position: static; width: 100%; height: auto; overflow: visible; clip-path: none; }
  .graph .plot svg { max-width: 100%; min-width: 0; }
  .scroll { overflow: visible; border-radius: 0; }
  pre { white-space: pre-wrap; overflow-wrap: anywhere; }
  .chart, .verdict, dl, tr, pre { break-inside: avoid; }
  h2, h3, figcaption { break-after: avoid; }
  th button::after, th button::before { content: none !important; }
  article { break-before: auto; }
}
`;
