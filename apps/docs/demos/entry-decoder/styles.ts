/**
 * The look of the decoder. Colours are pairs for light and dark that follow `color-scheme`; a page may set the `--mm-*`
 * ones. Roles of bits are told by colour and by pattern, changes by colour and by a mark.
 */
export const styles = /* css */ `
:host {
  display: block;
  --ink: var(--mm-ink, light-dark(#1d2329, #e4e7eb));
  --dim: var(--mm-dim, light-dark(#586069, #a3abb5));
  --ground: var(--mm-ground, light-dark(#ffffff, #1b1b1f));
  --raised: var(--mm-raised, light-dark(#f6f7f8, #202127));
  --line: var(--mm-line, light-dark(#d9dde2, #3a3d45));
  --edge: light-dark(#868e98, #7b828d);
  --accent: var(--mm-accent, light-dark(#0b6a70, #56c5c4));
  --on-accent: light-dark(#ffffff, #10191a);
  --hardware: light-dark(#0b6a70, #56c5c4);
  --software: light-dark(#914b00, #f0ad62);
  --frame: light-dark(#48587c, #9db0da);
  --none: light-dark(#6b727b, #8b929c);
  --gone: light-dark(#a81d2d, #ff9aa2);
  --gone-soft: light-dark(#fde6e8, #45242a);
  --new: light-dark(#106a37, #7fdca0);
  --new-soft: light-dark(#dcf5e4, #17402a);
  --wrong: light-dark(#b01526, #ff8f98);
  --mono: var(--mm-mono, ui-monospace, SFMono-Regular, Menlo, Consolas, 'Liberation Mono', 'DejaVu Sans Mono', monospace);
  color: var(--ink);
  font-size: 16px;
  line-height: 1.5;
}
:host([hidden]), [hidden] { display: none !important; }
*, ::before, ::after { box-sizing: border-box; }
p, dl, dd, fieldset { margin: 0; padding: 0; border: 0; min-width: 0; }
.decoder { container-type: inline-size; display: grid; gap: 20px; grid-template-columns: minmax(0, 1fr); }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
button, select, textarea { font: inherit; color: inherit; }
button { cursor: pointer; }

/* What is asked. */
.setup { display: grid; gap: 16px 24px; grid-template-columns: minmax(0, 1fr); }
.field { display: grid; gap: 6px; align-content: start; }
label[for], legend, .examples > span { font-size: 13px; font-weight: 600; color: var(--dim); padding: 0; }
legend { margin-bottom: 6px; }
select, textarea {
  width: 100%;
  border: 1px solid var(--edge);
  border-radius: 8px;
  background: var(--ground);
  padding: 8px 12px;
}
select { height: 44px; appearance: none; text-overflow: ellipsis; padding-right: 40px; cursor: pointer; }
.select { position: relative; }
.select::after {
  content: ''; position: absolute; right: 17px; top: 16px; width: 8px; height: 8px; pointer-events: none;
  border: solid var(--dim); border-width: 0 2px 2px 0; transform: rotate(45deg);
}
textarea { font: 15px/1.6 var(--mono); resize: vertical; min-height: 44px; overflow-wrap: anywhere; }
textarea::placeholder { color: var(--dim); opacity: 1; }
.hint { font-size: 13px; color: var(--dim); }
.problems { font-size: 14px; color: var(--wrong); overflow-wrap: anywhere; }
.pills { display: flex; border: 1px solid var(--edge); border-radius: 8px; height: 44px; overflow: clip; background: var(--ground); }
.pill {
  flex: 1; display: grid; place-content: center; justify-items: center; position: relative; cursor: pointer;
  line-height: 1.2; padding: 0 4px; min-width: 0;
}
.pill + .pill { border-left: 1px solid var(--line); }
.pill input { position: absolute; inset: 0; width: 100%; height: 100%; margin: 0; opacity: 0; cursor: pointer; }
.pill .level { font: 600 14px/1.2 var(--mono); }
.pill .bytes { font-size: 11px; color: var(--dim); white-space: nowrap; }
.pill:hover { background: var(--raised); }
.pill:has(:checked) { background: var(--accent); color: var(--on-accent); }
.pill:has(:checked) .bytes { color: inherit; }
.pill:has(:focus-visible) { outline: 2px solid var(--accent); outline-offset: 2px; z-index: 1; }
.pills:has(:focus-visible) { overflow: visible; }
.examples { display: flex; flex-wrap: wrap; gap: 8px; align-items: center; }
.examples > span { margin-right: 4px; }
.examples button, .tools button, .tools a, .way {
  border: 1px solid var(--line); border-radius: 999px; background: var(--ground); color: var(--ink);
  font-size: 13px; line-height: 20px; padding: 5px 12px; text-decoration: none; white-space: nowrap;
}
.examples button:hover, .tools button:hover, .tools a:hover, .way:hover { border-color: var(--accent); color: var(--accent); }

/* Which of many. */
.list { border: 1px solid var(--line); border-radius: 8px; overflow: auto; max-height: 264px; }
.list [role=option] {
  display: grid; grid-template-columns: 3.5ch 19ch minmax(0, 1fr); gap: 0 14px; align-items: baseline;
  padding: 7px 14px; cursor: pointer; border-left: 3px solid transparent; font-size: 14px;
}
.list [role=option] + [role=option] { border-top: 1px solid var(--line); }
.list [role=option]:hover { background: var(--raised); }
.list [aria-selected=true] { background: var(--raised); border-left-color: var(--accent); }
.list :focus-visible { outline-offset: -2px; }
.list .level, .list .value { font: 13px/1.5 var(--mono); }
.list .level { color: var(--dim); }
.list .words { color: var(--dim); overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.list [aria-selected=true] .words { color: var(--ink); }
.list [data-error] .words { color: var(--wrong); }
.list em { font-style: normal; font-weight: 600; color: var(--new); }
.empty { border: 1px dashed var(--edge); border-radius: 12px; padding: 40px 24px; text-align: center; color: var(--dim); }

/* What it says. */
.card { display: grid; gap: 20px; border: 1px solid var(--line); border-radius: 12px; padding: 20px; grid-template-columns: minmax(0, 1fr); }
.report { display: grid; gap: 8px; grid-template-columns: minmax(0, 1fr); }
.hex { font: 500 19px/1.4 var(--mono); display: flex; flex-wrap: wrap; align-items: baseline; }
.hex .tag { font-size: 13px; width: 5ch; color: var(--dim); }
.hex .group { margin-left: .3ch; }
.hex .group:first-child { margin-left: 0; }
.hex.was { color: var(--dim); font-weight: 400; }
del, ins { text-decoration-thickness: 1px; border-radius: 3px; padding: 0 2px; }
del { color: var(--gone); background: var(--gone-soft); text-decoration: line-through; }
ins { color: var(--new); background: var(--new-soft); text-decoration: none; font-weight: 600; }
.hex del, .hex ins { padding: 0; }
.sentence del + ins { margin-left: 3px; }
.sentence { font-size: 18px; line-height: 1.55; font-weight: 500; text-wrap: pretty; }
.facts dl { display: flex; flex-wrap: wrap; gap: 4px 20px; font-size: 14px; }
.facts dl div { display: flex; gap: 6px; }
.facts dt { color: var(--dim); }
.facts dd { font-family: var(--mono); font-size: 13px; line-height: 21px; }
.note { font-size: 14px; color: var(--dim); }
.facts .note { margin-top: 6px; }
.refusal { border-left: 4px solid var(--wrong); background: var(--gone-soft); border-radius: 4px 8px 8px 4px; padding: 12px 16px; display: grid; gap: 6px; justify-items: start; }
.refusal .title { font-weight: 600; font-size: 17px; color: var(--wrong); }
.refusal .code { font: 12px/1.5 var(--mono); color: var(--dim); }
.ways { display: flex; flex-wrap: wrap; gap: 8px; margin: 4px 0; }
.top { display: flex; flex-wrap: wrap; gap: 12px 24px; justify-content: space-between; align-items: flex-start; margin-bottom: -8px; }
.tools { display: flex; flex-wrap: wrap; gap: 8px; }

/* The bits. */
.ruler { --gap: 4px; --pad: 1px; display: grid; grid-template-columns: repeat(4, minmax(0, 1fr)); gap: 14px var(--gap); }
.head { position: relative; text-align: center; font: 12px/20px var(--mono); color: var(--dim); }
.digit { font-weight: 700; font-size: 14px; color: var(--ink); border-radius: 3px; padding: 0 4px; }
.digit[data-changed] { color: var(--new); background: var(--new-soft); }
.head .at { position: absolute; right: 3px; bottom: 0; font-size: 10px; line-height: 16px; }
.cells { display: grid; grid-template-columns: repeat(4, minmax(0, 1fr)); min-height: 58px; }
.cell {
  --role: var(--hardware);
  display: flex; flex-direction: column; align-items: stretch; position: relative; min-width: 0; height: 100%;
  border: 0; background: none; padding: 0 var(--pad); margin: 0; text-align: center;
}
[data-role=hardware] { --role: var(--hardware); }
[data-role=software] { --role: var(--software); }
[data-role=frame] { --role: var(--frame); }
[data-role=none] { --role: var(--none); }
.bit {
  display: grid; place-items: center; height: 34px; font: 500 14px/1 var(--mono); border-radius: 5px;
  color: var(--dim); background: var(--raised);
}
[data-role=none] .bit { background: repeating-linear-gradient(135deg, var(--raised) 0 4px, var(--ground) 4px 7px); }
[data-role=software] .bit { border: 1px dashed color-mix(in srgb, var(--software) 60%, transparent); }
.cell[aria-pressed=true] .bit { background: var(--role); border-color: var(--role); color: var(--on-accent); font-weight: 700; }
.cell:hover .bit { box-shadow: inset 0 0 0 2px var(--role); }
.cell[data-hot] .bar { height: 5px; margin-bottom: 2px; }
.bar { height: 3px; margin: 4px calc(-1 * var(--pad)); background: var(--role); }
.cell:last-child .bar { margin-right: calc(-1 * var(--pad) - var(--gap)); }
.cell[data-first] .bar { margin-left: 0; border-radius: 2px 0 0 2px; }
.cell[data-last] .bar { margin-right: 0; border-radius: 0 2px 2px 0; }
.cell[data-first][data-last] .bar { border-radius: 2px; }
.nibble:nth-child(4n) .cell:last-child .bar { margin-right: 0; }
.cell[data-role=none] .bar { background: color-mix(in srgb, var(--none) 45%, var(--ground)); }
.name { font: 10.5px/12px var(--mono); color: var(--role); white-space: nowrap; }
.cell[data-name=down] .name { writing-mode: vertical-rl; align-self: center; }
.cell[data-name=across] .name { position: absolute; left: 2px; top: 45px; }
.cell[data-hot] .name { font-weight: 700; }
.cell[data-changed] .bit { box-shadow: 0 0 0 1px var(--ground), 0 0 0 3px var(--new); z-index: 1; position: relative; }
.cell[data-refused] .bit { background: var(--wrong); border-color: var(--wrong); color: var(--on-accent); font-weight: 700; box-shadow: 0 0 0 1px var(--ground), 0 0 0 3px var(--wrong); }
.cell:focus-visible { outline: none; z-index: 1; }
.cell:focus-visible .bit { outline: 3px solid var(--accent); outline-offset: 2px; }
.readout { min-height: 3em; font-size: 14px; color: var(--dim); margin-top: -6px; }
.readout:empty::before { content: 'Point at a bit, or move to it, to see what it is.'; }
.readout .at { color: var(--ink); font-weight: 600; }
.readout code { font: 600 13px/1.5 var(--mono); color: var(--ink); }
.key { display: flex; flex-wrap: wrap; gap: 4px 18px; font-size: 13px; color: var(--dim); margin-top: -8px; }
.key [data-role]::before { content: ''; display: inline-block; width: 12px; height: 12px; border-radius: 3px; margin-right: 6px; vertical-align: -1px; background: var(--role); }
.key [data-role=none]::before { background: repeating-linear-gradient(135deg, var(--none) 0 2px, transparent 2px 4px); }
.key .keys { flex-basis: 100%; }

/* The fields. */
.fields { width: 100%; border-collapse: collapse; font-size: 14px; text-align: left; }
.fields th { font-size: 13px; font-weight: 600; color: var(--dim); padding: 6px 12px 6px 0; }
.fields td { padding: 4px 12px 4px 0; border-top: 1px solid var(--line); vertical-align: baseline; }
.fields tr > :first-child { padding-left: 10px; }
.fields .bits { font: 13px/1.5 var(--mono); color: var(--dim); white-space: nowrap; width: 1%; border-left: 3px solid var(--role); }
.fields .value { position: relative; width: 1%; white-space: nowrap; }
.fields .number { font: 13px/26px var(--mono); }
.fields .label { font: 13px/1.5 var(--mono); width: 1%; white-space: nowrap; }
.fields .meaning { color: var(--dim); }
.fields tr[data-set] .label { font-weight: 700; color: var(--role); }
.fields tr[data-set] .meaning { color: var(--ink); }
.fields tr[data-hot] td { background: var(--raised); }
.fields tr[data-changed] td { background: var(--new-soft); color: var(--ink); }
.fields tr[data-refused] td { background: var(--gone-soft); color: var(--ink); }
.fields tr[data-refused] td.label { color: var(--ink); }
.flip {
  width: 34px; height: 26px; border-radius: 5px; border: 1px solid var(--line); background: var(--raised); color: var(--dim);
  font: 500 13px/1 var(--mono); padding: 0;
}
tr[data-set] .flip { background: var(--role); border-color: var(--role); color: var(--on-accent); font-weight: 700; }
tr[data-refused] .flip { background: var(--wrong); border-color: var(--wrong); color: var(--on-accent); }
.flip:hover { box-shadow: 0 0 0 2px var(--role); }

@container (min-width: 34rem) {
  .setup { grid-template-columns: minmax(0, 5fr) minmax(0, 6fr); }
  .field.wide, .examples { grid-column: 1 / -1; }
}
@container (min-width: 42rem) {
  .card { padding: 24px; }
  .hex { font-size: 22px; }
  .readout { min-height: 1.5em; }
}
@container (min-width: 52rem) {
  .ruler { grid-template-columns: repeat(8, minmax(0, 1fr)); --gap: 6px; --pad: 2px; row-gap: 16px; }
  .nibble:nth-child(4n) .cell:last-child:not([data-last]) .bar { margin-right: calc(-1 * var(--pad) - var(--gap)); }
  .nibble:nth-child(8n) .cell:last-child .bar { margin-right: 0 !important; }
  .cell[data-again='47'] .name, .cell[data-again='15'] .name { display: none; }
}
@container (max-width: 33.99rem) {
  .card { padding: 14px 13px; }
  .sentence { font-size: 17px; }
  .list [role=option] { grid-template-columns: 3.5ch minmax(0, 1fr); padding: 8px 10px; }
  .list .words { grid-column: 1 / -1; white-space: normal; display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 2; }
  .fields, .fields tbody { display: block; }
  .fields thead { display: none; }
  .fields tr { display: grid; grid-template-columns: 5.5ch minmax(0, auto) minmax(0, 1fr); gap: 0 10px; padding: 8px 6px; border-top: 1px solid var(--line); align-items: center; }
  .fields tr[data-changed] { background: var(--new-soft); }
  .fields tr[data-refused] { background: var(--gone-soft); }
  .fields td { border-top: 0; padding: 0; width: auto; }
  .fields tr > :first-child { padding-left: 6px; }
  .fields .label { white-space: normal; overflow-wrap: anywhere; width: auto; }
  .fields .meaning { grid-column: 1 / -1; padding-left: 9px; margin-top: 2px; }
  .flip { height: 32px; width: 40px; }
}
@container (max-width: 20rem) {
  .name { font-size: 9px; }
}
@media (forced-colors: active) {
  .cell[aria-pressed=true] .bit, tr[data-set] .flip, .bar, .key [data-role]::before { forced-color-adjust: none; }
  .cell[data-changed] .bit { outline: 2px solid Highlight; outline-offset: 1px; }
  .cell[data-refused] .bit { outline: 2px dashed Highlight; outline-offset: 1px; }
  .pill:has(:checked) { forced-color-adjust: none; background: Highlight; color: HighlightText; }
  .list [aria-selected=true] { border-left-color: Highlight; }
}
`
