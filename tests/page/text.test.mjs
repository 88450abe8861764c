// What people write is text, and the page is as light as its readers' screens.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import test from 'node:test';

import { farol } from './farol.mjs';
import { live, reader, says } from './reader.mjs';

const HOSTILE = '<img src=x onerror=alert(1)><script>alert(2)</script>&lt;b&gt;';

test('names, titles and messages cannot become anything but text', async (t) => {
  const service = await farol(t, { FAROL_PAGE_NAME: HOSTILE });
  const group = await service.post('groups', { name: HOSTILE });
  await service.component(HOSTILE, { slug: 'api', description: HOSTILE, group_id: group.id });
  const components = [{ slug: 'api', status: 'major_outage' }];
  const message = `${HOSTILE}\n\n[a](javascript:alert(3)) <a href="https://example.org" style="color:red" onclick="alert(4)">b</a>`;
  await service.post('incidents', { title: HOSTILE, message, components });
  const page = await reader(service);
  await live(page);
  for (const selector of ['h1', '#incidents h3', '.group h3', '.component .name', '.affected', '#months .title']) {
    await says(page, selector, HOSTILE);
  }
  await says(page, '.message a[href="https://example.org"]', 'b');
  assert.equal(await page.locator('main img, main script, main [style], main [onclick], main a[href^=javascript]').count(), 0);
});

test('a page of 300 components draws the uptime of those one can see', async (t) => {
  const service = await farol(t);
  for (let number = 1; number <= 30; number += 1) {
    const group = await service.post('groups', { name: `Group ${number}` });
    for (let member = 0; member < 10; member += 1) {
      await service.component(`Component ${number}.${member}`, { group_id: group.id });
    }
  }
  const page = await reader(service);
  const asked = [];
  page.on('request', (it) => it.url().includes('/uptime') && asked.push(it.url()));
  await page.reload();
  await says(page, '.component .scale', '100 % uptime');
  assert.equal(await page.locator('.component').count(), 300);
  assert.ok(asked.length <= 5, JSON.stringify(asked));
  await page.getByText('Component 30.9').scrollIntoViewIfNeeded();
  await says(page, '.component:has-text("Component 30.9") .scale', '100 % uptime');
});

test('the same file works from another place', async (t) => {
  const service = await farol(t);
  await service.component('API');
  const html = await readFile('examples/page/index.html', 'utf8');
  const elsewhere = html.replace('name="farol-api" content=""', `name="farol-api" content="${service.origin}"`);
  const server = createServer((_, response) => {
    response.setHeader('Content-Type', 'text/html; charset=utf-8').end(elsewhere);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const page = await reader(service, { url: `http://127.0.0.1:${server.address().port}` });
  await live(page);
  await service.post('incidents', { title: 'Heard elsewhere', message: 'We look.' });
  await says(page, '#incidents h3', 'Heard elsewhere');
});
