/** The stylesheet of the page on events, for light and dark. */
export const EVENTS_STYLE = `:root {
  color-scheme: light dark;
  --text: #1c2430;
  --quiet: #566072;
  --ground: #ffffff;
  --raised: #f5f7fa;
  --line: #d5dbe3;
  --link: #0b57b0;
  --personal: #8a3b00;
  --personal-ground: #ffeeda;
  --current: #11642f;
  --current-ground: #e1f5e7;
}
@media (prefers-color-scheme: dark) {
  :root {
    --text: #e4e9f0;
    --quiet: #a3aebd;
    --ground: #14181f;
    --raised: #1d232c;
    --line: #363f4c;
    --link: #7db7ff;
    --personal: #ffc58f;
    --personal-ground: #46290d;
    --current: #8fe0ab;
    --current-ground: #153a22;
  }
}
* { box-sizing: border-box; }
html { scroll-padding-top: 1rem; }
body {
  max-width: 72rem;
  margin: 0 auto;
  padding: 1.5rem 1rem 4rem;
  background: var(--ground);
  color: var(--text);
  font: 1rem/1.5 system-ui, sans-serif;
}
h1, h2, h3 { line-height: 1.25; overflow-wrap: anywhere; }
h1 { margin: 0 0 0.5rem; font-size: 1.9rem; }
h1 small { color: var(--quiet); font-size: 1rem; font-weight: normal; }
h2 { margin: 2.5rem 0 0.75rem; padding-top: 1rem; border-top: 1px solid var(--line); font-size: 1.3rem; }
h3 { display: inline; margin: 0; font-size: 1rem; }
a { color: var(--link); }
nav a { margin-right: 1rem; }
a.line { display: block; }
:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }
.skip { position: absolute; left: -100vw; }
.skip:focus { position: static; }
code, pre { font-family: ui-monospace, SFMono-Regular, Consolas, monospace; font-size: 0.9em; }
code { overflow-wrap: anywhere; }
pre { max-height: 30rem; margin: 0.75rem 0 0; padding: 0.75rem; overflow: auto; background: var(--raised); border-radius: 4px; }
small { color: var(--quiet); font-size: 0.85em; }
mark, .tag {
  display: inline-block;
  padding: 0 0.45em;
  border-radius: 1em;
  background: var(--raised);
  color: var(--quiet);
  font-size: 0.8em;
  white-space: nowrap;
}
mark { background: var(--personal-ground); color: var(--personal); }
.tag.current { background: var(--current-ground); color: var(--current); }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 0.25rem 1rem; }
dt { color: var(--quiet); }
dd { margin: 0; }
dd ul { margin: 0; padding-left: 1.1rem; }
dd small, li small { display: block; }
details { margin: 0.5rem 0; border: 1px solid var(--line); border-radius: 6px; }
details:target { border-color: var(--link); }
summary { padding: 0.6rem 0.8rem; cursor: pointer; }
summary:hover { background: var(--raised); }
summary .summary { color: var(--quiet); }
details[open] > summary { border-bottom: 1px solid var(--line); }
details > :not(summary) { margin-right: 0.8rem; margin-left: 0.8rem; }
.scroll { margin-bottom: 0.8rem; overflow-x: auto; }
table { width: 100%; border-collapse: collapse; }
th, td { padding: 0.4rem 0.75rem 0.4rem 0; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; }
th { color: var(--quiet); font-weight: 600; }
tbody tr:last-child td { border-bottom: 0; }
.fields td { width: 40%; }
.fields td:nth-child(2) { width: 20%; }
@media (max-width: 40rem) {
  body { padding: 1rem 0.75rem 3rem; }
  dl { grid-template-columns: 1fr; gap: 0; }
  dt { margin-top: 0.5rem; }
  thead { display: none; }
  tr { display: block; padding: 0.5rem 0; border-bottom: 1px solid var(--line); }
  td, .fields td, .fields td:nth-child(2) { display: block; width: auto; padding: 0.1rem 0; border: 0; }
  td[data-label]::before { display: block; color: var(--quiet); font-size: 0.85em; content: attr(data-label); }
}
`;
