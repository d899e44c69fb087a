/** Light, dark and on paper. Colours tell nothing that words do not. */
export const style = `
:root { color-scheme: light dark; --paper: #fff; --ink: #1b1f24; --soft: #5c6670; --line: #e3e7eb; --card: #f6f8fa;
  --took: #3b6fb6; --bad: #c62828; --good: #2e7d32; --hurt: #c6282822; --healing: #f9a82526; --fair: #f9c74f; --none: #f28b82;
  --on: #1b1f24; --r0: #8ecae6; --r1: #b7e4c7; --r2: #ffd6a5; --r3: #d7c4f3; --r4: #f7b7c5; --r5: #d8d8c0; --balancer: #cfe3d4; }
@media (prefers-color-scheme: dark) { :root { --paper: #14181d; --ink: #e6eaee; --soft: #9aa5b1; --line: #2b323a; --card: #1c2128;
  --took: #7fb0ee; --bad: #ff7b72; --good: #6fcf7b; --hurt: #ff7b7226; --healing: #f9c74f1f; --fair: #8a6500; --none: #a3302b;
  --on: #f2f5f7; --r0: #2b6b8a; --r1: #2f6f4a; --r2: #8a5a1f; --r3: #5d4691; --r4: #8a3a4e; --r5: #5d5d3f; --balancer: #33523c; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 1240px; padding: 32px 20px 64px; background: var(--paper); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", "Liberation Sans", "DejaVu Sans", sans-serif; }
h1 { font-size: 26px; margin: 0 0 4px; } h2 { font-size: 18px; margin: 36px 0 12px; } p { margin: 6px 0; }
.soft { color: var(--soft); } .good { color: var(--good); } .bad { color: var(--bad); }
.verdict { display: inline-block; padding: 2px 10px; border-radius: 12px; border: 1px solid currentColor; font-weight: 600;
  font-size: 14px; margin-left: 10px; vertical-align: 4px; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(180px, 1fr)); gap: 12px; margin-top: 20px; }
.tile { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: 12px 14px; }
.tile b { display: block; font-size: 24px; line-height: 1.2; font-variant-numeric: tabular-nums; }
.tile span { color: var(--soft); font-size: 13px; }
svg { width: 100%; height: auto; display: block; font-family: inherit; }
svg text { fill: var(--ink); font-size: 11px; } svg .label { font-size: 13px; font-weight: 600; }
svg .note, svg .tick { fill: var(--soft); font-size: 11px; } svg .grid { stroke: var(--line); } svg .base { stroke: var(--soft); }
.took { stroke: var(--took); stroke-width: 2; fill: none; } .failed { fill: var(--bad); }
.hurt { fill: var(--hurt); } .healing { fill: var(--healing); }
.outage rect { fill: var(--bad); opacity: .22; } .outage text { fill: var(--bad); font-weight: 600; }
.act line { stroke: var(--soft); } .act text { font-size: 12px; font-weight: 600; }
.band rect { stroke: var(--paper); } svg .band text { fill: var(--on); }
.band.good rect, .band.balancer rect { fill: var(--balancer); } .band.fair rect { fill: var(--fair); } .band.none rect { fill: var(--none); }
.band.unseen rect { fill: var(--card); stroke: var(--line); } svg .band.unseen text { fill: var(--soft); }
.replica-0 rect { fill: var(--r0); } .replica-1 rect { fill: var(--r1); } .replica-2 rect { fill: var(--r2); }
.replica-3 rect { fill: var(--r3); } .replica-4 rect { fill: var(--r4); } .replica-5 rect { fill: var(--r5); }
.wide { overflow-x: auto; } table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: 7px 12px 7px 0; border-bottom: 1px solid var(--line); vertical-align: top; }
th { color: var(--soft); font-weight: 600; font-size: 13px; white-space: nowrap; } code { font: 13px ui-monospace, "DejaVu Sans Mono", monospace; overflow-wrap: anywhere; }
@media print { :root { --paper: #fff; --ink: #000; --soft: #444; --line: #ccc; --card: #fff; --on: #000; --took: #3b6fb6; --bad: #b00020;
  --good: #1b5e20; --fair: #f9c74f; --none: #e57373; --r0: #8ecae6; --r1: #b7e4c7; --r2: #ffd6a5; --r3: #d7c4f3; --r4: #f7b7c5; --r5: #d8d8c0;
  --balancer: #cfe3d4; } body { max-width: none; padding: 0; font-size: 11px; } h2 { break-after: avoid; } svg, tr, .tiles { break-inside: avoid; } svg { max-height: 112mm; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; } @page { size: A4 landscape; margin: 12mm; } }
`;
