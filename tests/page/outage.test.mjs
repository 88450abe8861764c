// The page stays, whatever fails behind it, and says so.
import assert from 'node:assert/strict';
import test from 'node:test';

import { farol } from './farol.mjs';
import { gone, live, reader, says } from './reader.mjs';
import { until } from './until.mjs';

test('while Postgres is down the last page is shown, and said to be unconfirmed', async (t) => {
  const service = await farol(t);
  await service.component('API');
  await service.post('incidents', { title: 'Before the outage', message: 'We look.' });
  const page = await reader(service, { outages: true });
  await live(page);
  const restore = await service.stopPostgres();
  await page.clock.install();
  await page.reload();
  await says(page, '#incidents h3', 'Before the outage');
  // The page reads itself once a minute.
  const minuteLater = () => page.clock.fastForward('01:10');
  await until('the page is in doubt', 30, async () => {
    await minuteLater();
    return (await page.locator('#doubt').textContent()).includes('cannot confirm');
  });
  await says(page, '.component', 'API');
  await restore();
  await until('the page is confirmed', 90, async () => {
    await minuteLater();
    return page.locator('#doubt').isHidden();
  });
  await says(page, '#incidents h3', 'Before the outage');
});

test('a lost connection is said, and what was missed is there once it is back', async (t) => {
  const service = await farol(t);
  await service.component('API');
  const page = await reader(service, { outages: true });
  await live(page);
  await service.stop('SIGKILL');
  await says(page, '#connection', 'Connection lost');
  await says(page, '.component', 'API');
  await service.start();
  await service.post('incidents', { title: 'Missed', message: 'While nobody heard.' });
  await live(page);
  await says(page, '#incidents h3', 'Missed');
  await gone(page, '#doubt');
});

test('without a script the reader is told where else to look', async (t) => {
  const service = await farol(t);
  const page = await reader(service, { javaScriptEnabled: false });
  await says(page, 'noscript a', '/api/v1/status');
  assert.equal(await page.locator('#banner').isVisible(), false);
  assert.equal((await page.goto(`${service.origin}/api/v1/status`)).status(), 200);
});
