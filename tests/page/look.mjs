// look.mjs CHROMIUM NAME...: opens NAME.html, in light and dark, wide and narrow and as print, and complains of what a reader
// would: errors, requests, overflow, weak contrast, things that do not fold or have no name. Writes screenshots beside the pages.
import { chromium } from 'playwright-core';
import { resolve } from 'node:path';

const [executablePath, ...names] = process.argv.slice(2);
const complaints = [];
const complain = (name, what) => { complaints.push(`${name}: ${what}`); };

// Runs in the page: text whose contrast against what lies behind it is below 4.5 (WCAG 2, AA).
function weakText() {
  const rgb = (text) => (text.match(/[\d.]+/g) || []).map(Number);
  const part = (c) => { c /= 255; return c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4; };
  const light = ([r, g, b]) => 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
  const behind = (e) => {
    for (; e; e = e.parentElement) {
      const [r, g, b, a = 1] = rgb(getComputedStyle(e).backgroundColor);
      if (a > 0.99 && b !== undefined) return [r, g, b];
    }
    return [255, 255, 255];
  };
  const weak = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const e = walk.currentNode.parentElement;
    if (!walk.currentNode.data.trim() || !e.checkVisibility()) continue;
    const svg = e.closest('svg');
    const ink = light(rgb(svg ? getComputedStyle(e).fill : getComputedStyle(e).color)), paper = light(behind(svg ? svg.parentElement : e));
    const ratio = (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05);
    if (ratio < 4.5) weak.push(`${ratio.toFixed(1)} for "${walk.currentNode.data.trim().slice(0, 40)}"`);
  }
  return weak;
}

// Text in pictures that runs into other text or out of the picture.
function crowdedText() {
  const out = [];
  for (const svg of document.querySelectorAll('svg')) {
    const frame = svg.getBoundingClientRect(), boxes = [...svg.querySelectorAll('text')].map((t) => [t.textContent, t.getBoundingClientRect()]);
    boxes.forEach(([text, b], i) => {
      if (b.right > frame.right + 1 || b.left < frame.left - 1 || b.bottom > frame.bottom + 1) out.push(`"${text}" leaves its picture`);
      for (const [other, o] of boxes.slice(i + 1))
        if (b.left < o.right - 1 && o.left < b.right - 1 && b.top < o.bottom - 3 && o.top < b.bottom - 3) out.push(`"${text}" lies over "${other}"`);
    });
  }
  return out;
}

const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--disable-sync'] });
for (const name of names) {
  const address = 'file://' + resolve(`${name}.html`);
  for (const [colorScheme, width] of [['light', 1000], ['dark', 1000], ['light', 360]]) {
    const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme });
    const where = `${name} ${colorScheme} ${width}`;
    page.on('console', (m) => complain(where, `console: ${m.text()}`));
    page.on('pageerror', (e) => complain(where, `error: ${e.message}`));
    page.on('request', (r) => { if (r.url() !== address) complain(where, `asks for ${r.url()}`); });
    page.on('dialog', (d) => { complain(where, `a dialog: ${d.message()}`); d.dismiss(); });
    await page.goto(address);
    await page.screenshot({ path: `${name}-${colorScheme}-${width}.png`, fullPage: true });
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    if (wide > 0) complain(where, `is ${wide} pixels wider than its window`);
    for (const w of await page.evaluate(weakText)) complain(where, `contrast ${w}`);
    for (const c of await page.evaluate(crowdedText)) complain(where, c);
    if (!(await page.title()).startsWith('llwhy: ')) complain(where, `its title became ${await page.title()}`);
    const found = await page.evaluate(() => ({ scripts: document.scripts.length, headings: document.querySelectorAll('h1').length,
      unnamed: [...document.querySelectorAll('svg')].filter((s) => !s.getAttribute('aria-label')).length,
      bars: document.querySelectorAll('svg').length }));
    for (const f of await page.evaluate(() => [...document.querySelectorAll('.flag')].filter((f) => f.getClientRects().length > 1).map((f) => f.textContent)))
      complain(where, `the flag ${f} is broken over two lines`);
    const levels = await page.evaluate(() => [...document.querySelectorAll('h1,h2,h3,h4')].map((h) => Number(h.tagName[1])));
    if (levels.some((level, i) => level > (levels[i - 1] || 0) + 1)) complain(where, `headings skip a level: ${levels}`);
    if (found.scripts) complain(where, `${found.scripts} scripts`);
    if (found.headings !== 1) complain(where, `${found.headings} main headings`);
    if (found.unnamed || !found.bars) complain(where, `${found.bars} pictures, ${found.unnamed} without a name`);
    // Folding: by mouse, and by keyboard.
    const summary = page.locator('.tree > li > details > summary').first(), open = () => page.evaluate(() => document.querySelector('.tree details').open);
    const before = await open();
    await summary.click({ position: { x: 3, y: 3 } });
    if (await open() === before) complain(where, 'a reason does not fold when it is clicked');
    await summary.focus();
    await page.keyboard.press('Enter');
    if (await open() !== before) complain(where, 'a reason does not fold by keyboard');
    if (colorScheme === 'light' && width === 1000) {
      await page.emulateMedia({ media: 'print' });
      const pdf = await page.pdf({ path: `${name}.pdf` });
      if (pdf.length < 5000) complain(where, 'prints as nothing');
    }
    await page.close();
  }
}
await browser.close();
for (const c of complaints) console.log(c);
console.log(`${names.length} pages looked at, ${complaints.length} complaints`);
process.exit(complaints.length ? 1 : 0);
