// Everybody can use the page: by keyboard, by screen reader, on any screen.
import assert from 'node:assert/strict';
import test from 'node:test';

import { farol } from './farol.mjs';
import { barriers, live, reader, says } from './reader.mjs';

/** A page with something of everything. */
async function eventful(service) {
  const group = await service.post('groups', { name: 'Platform' });
  await service.component('API', { group_id: group.id, description: 'REST', link: 'https://example.org' });
  await service.component('E-mail');
  const ago = (minutes) => new Date(Date.now() - minutes * 60_000);
  const past = { title: 'Slow', message: 'Over.', components: [{ slug: 'api', status: 'degraded_performance' }] };
  for (const days of [3, 40]) {
    const started_at = ago(days * 24 * 60);
    started_at.setUTCHours(12, 0, 0, 0);
    await service.post('incidents', { ...past, started_at, resolved_at: new Date(started_at.getTime() + 600_000) });
  }
  const message = 'We **look**: `code`, [link](https://example.org), and\n\n- one\n\n> quoted';
  const body = { title: 'Errors', message, components: [{ slug: 'api', status: 'partial_outage' }] };
  const { number } = await service.post('incidents', body);
  for (const text of ['Two', 'Three', 'Four', 'Five', 'Six']) {
    await service.post(`incidents/${number}/updates`, { status: 'identified', message: text });
  }
  const [starts_at, ends_at] = [ago(-24 * 60), ago(-26 * 60)];
  await service.post('maintenances', { title: 'Upgrade', message: 'Short.', components: [{ slug: 'e-mail' }], starts_at, ends_at });
}

test('nothing keeps people from reading, in light, dark, wide and narrow', async (t) => {
  const service = await farol(t);
  await eventful(service);
  for (const colorScheme of ['light', 'dark']) {
    for (const width of [320, 1200]) {
      const page = await reader(service, { colorScheme, viewport: { width, height: 800 } });
      await says(page, '.component .scale', 'uptime');
      await says(page, '#months summary', 'Errors');
      await page.evaluate(() => document.querySelectorAll('details').forEach((it) => (it.open = true)));
      assert.deepEqual(await barriers(page), [], `${colorScheme}, ${width}`);
      const scrolls = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
      assert.equal(scrolls, false, `${width} is too narrow`);
    }
  }
});

test('dark is dark, light is light', async (t) => {
  const service = await farol(t);
  const page = await reader(service, { colorScheme: 'dark' });
  const back = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  assert.equal(await back(), 'rgb(13, 17, 23)');
  await page.emulateMedia({ colorScheme: 'light' });
  assert.equal(await back(), 'rgb(255, 255, 255)');
});

test('a keyboard reaches everything', async (t) => {
  const service = await farol(t);
  await eventful(service);
  const page = await reader(service);
  await live(page);
  await says(page, '.component .scale', 'uptime');
  await says(page, '#month', /\d{4}/);
  const focused = () => page.evaluate(() => document.activeElement?.textContent?.trim().replace(/\s+/g, ' ') ?? '');
  await page.keyboard.press('Tab');
  assert.equal(await focused(), 'Skip to the status');
  await page.keyboard.press('Enter');
  assert.equal(await page.evaluate(() => document.activeElement?.id), 'main');

  const seen = [];
  for (let step = 0; step < 40 && seen.at(-1) !== 'Calendar of maintenance'; step += 1) {
    await page.keyboard.press('Tab');
    seen.push(await focused());
    if (/^\d+ earlier|^API: |% uptime$/.test(seen.at(-1))) await page.keyboard.press('Enter');
    if (seen.at(-1) === 'Older') await page.keyboard.press('Space');
  }
  const order = ['2 earlier updates', 'link', 'Platform', 'API', '% uptime', 'Older', 'Feed', 'Calendar of maintenance'];
  let place = -1;
  for (const stop of order) {
    const next = seen.findIndex((it, at) => at > place && it.includes(stop));
    assert.ok(next > place, `${stop} in ${JSON.stringify(seen)}`);
    place = next;
  }
  await says(page, '.scale li', 'degraded performance for 10 min (Slow)');
  const previous = new Date();
  previous.setUTCDate(0);
  await says(page, '#month', new Intl.DateTimeFormat('en-GB', { month: 'long', timeZone: 'UTC' }).format(previous));
});
