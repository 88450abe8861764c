// What happens is on the page without a reload.
import assert from 'node:assert/strict';
import test from 'node:test';

import { farol } from './farol.mjs';
import { gone, live, reader, says } from './reader.mjs';

test('an incident appears, moves on and ends before the reader’s eyes', async (t) => {
  const service = await farol(t, { FAROL_PAGE_NAME: 'Acme' });
  await service.component('API');
  const page = await reader(service);
  await live(page);
  await says(page, '#banner', 'All Systems Operational');
  assert.equal(await page.title(), 'All Systems Operational – Acme');
  await page.evaluate(() => (globalThis.stayed = true));

  const body = { title: 'Errors', message: 'We **look**.', components: [{ slug: 'api', status: 'major_outage' }] };
  const { number } = await service.post('incidents', body);
  await says(page, '#incidents h3', 'Errors');
  await says(page, '#incidents .message strong', 'look');
  await says(page, '#banner', 'Major System Outage');
  await says(page, '#components .component', 'Major outage');
  assert.equal(await page.title(), '⚠ Major System Outage – Acme');
  assert.match(await page.locator('#news').textContent(), /Incident: Errors, investigating/);

  const update = { status: 'identified', message: 'A deploy.', components: [{ slug: 'api', status: 'partial_outage' }] };
  await service.post(`incidents/${number}/updates`, update);
  await says(page, '#incidents .updates > li', 'A deploy.');
  await says(page, '#incidents .event', 'Identified');
  await says(page, '#components .component', 'Partial outage');

  await service.post(`incidents/${number}/updates`, { status: 'resolved', message: 'All is well.' });
  await gone(page, '#incidents');
  await says(page, '#banner', 'All Systems Operational');
  await says(page, '#months summary', 'Errors Resolved');
  assert.match(await page.locator('#news').textContent(), /Incident resolved: Errors/);
  assert.equal(await page.evaluate(() => globalThis.stayed), true);
});

test('planned work is told in the reader’s time and in the page’s', async (t) => {
  const service = await farol(t, { FAROL_PAGE_TIME_ZONE: 'America/Sao_Paulo' });
  await service.component('Database');
  const page = await reader(service);
  await live(page);
  const starts = new Date(Date.now() + 3 * 24 * 3600_000);
  starts.setUTCHours(12, 0, 0, 0);
  const ends = new Date(starts.getTime() + 2 * 3600_000);
  const body = { title: 'Upgrade', message: 'Read-only.', components: [{ slug: 'database' }], starts_at: starts, ends_at: ends };
  const { number } = await service.post('maintenances', body);
  await says(page, '#planned h3', 'Upgrade');
  const window = await page.locator('#planned [data-part=window]').textContent();
  const hour = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', timeZone: 'Europe/Berlin' }).format(starts);
  assert.ok(window.includes(hour) && window.includes('09:00'), window);

  await service.post(`maintenances/${number}/updates`, { status: 'in_progress', message: 'It begins.' });
  await says(page, '#current h3', 'Upgrade');
  await says(page, '#banner', 'Service Under Maintenance');
  await gone(page, '#planned');
  await service.post(`maintenances/${number}/updates`, { status: 'completed', message: 'Done.' });
  await gone(page, '#current');
  await says(page, '#banner', 'All Systems Operational');
});

test('components and groups come, change and go', async (t) => {
  const service = await farol(t);
  const group = await service.post('groups', { name: 'Platform' });
  const page = await reader(service);
  await live(page);
  const api = await service.component('API', { group_id: group.id });
  await says(page, '.group .component', 'API');
  await says(page, '.component .scale', '100 % uptime');
  await service.call('PATCH', `components/${api.id}`, { name: 'Public API', reported_status: 'degraded_performance' });
  await says(page, '.group .component', 'Public API');
  await says(page, '.group summary', 'Degraded performance');
  assert.match(await page.locator('.bars').getAttribute('aria-label'), /1 degraded performance/);
  await service.call('DELETE', `components/${api.id}`);
  await gone(page, '.component');
});
