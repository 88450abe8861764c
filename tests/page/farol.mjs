// A Farol of a test's own, with a Postgres of its own.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import { until } from './until.mjs';

const BINARY = resolve(process.env.PAGE_BIN ?? 'target/debug/farol');
const LOGIN = { email: 'page@example.com', password: 'correct-horse-battery-staple' };

/** Starts one that ends with the test. */
export async function farol(test, settings = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'farol-page-'));
  // As root, Farol runs its Postgres as an unprivileged user, who has to reach the data folder.
  await chmod(folder, 0o711);
  const started = new Farol(folder, await freePort(), settings);
  test.after(async () => {
    // Who reads leaves first, or would see it end.
    for (const end of started.endings.reverse()) await end();
    await started.stop();
    await rm(folder, { recursive: true, force: true });
  });
  await started.start();
  return started;
}

class Farol {
  /** What is to be done before it ends. */
  endings = [];
  #folder;
  #settings;
  #process;
  #token;
  #log = '';

  constructor(folder, port, settings) {
    this.#folder = folder;
    this.#settings = { FAROL_LISTEN: `127.0.0.1:${port}`, ...settings };
    this.origin = `http://127.0.0.1:${port}`;
  }

  async start() {
    // A developer's own settings stay out.
    const kept = Object.entries(process.env).filter(([name]) => {
      return name === 'FAROL_POSTGRES_BIN' || !(name === 'DATABASE_URL' || name.startsWith('FAROL_'));
    });
    const env = {
      ...Object.fromEntries(kept),
      FAROL_DATA_DIR: join(this.#folder, 'data'),
      FAROL_ADMIN_EMAIL: LOGIN.email,
      FAROL_ADMIN_PASSWORD: LOGIN.password,
      FAROL_RATE_LIMIT: '1000000',
      FAROL_LOG: 'warn',
      ...this.#settings,
    };
    this.#process = spawn(BINARY, ['serve'], { cwd: this.#folder, env, stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [this.#process.stdout, this.#process.stderr]) stream.on('data', (it) => (this.#log += it));
    await until('Farol is ready', 90, async () => {
      if (this.#process.exitCode !== null) throw new Error(`Farol ended:\n${this.#log}`);
      const answer = await fetch(`${this.origin}/readyz`).catch(() => null);
      return answer?.ok;
    });
  }

  /** Ends it as an operator would, or as a crash does. */
  async stop(signal = 'SIGTERM') {
    const { exitCode, signalCode } = this.#process;
    if (exitCode !== null || signalCode !== null) return;
    const ended = once(this.#process, 'exit');
    this.#process.kill(signal);
    await ended;
  }

  /** Ends Postgres, and keeps it from starting until the function that is returned is called. */
  async stopPostgres() {
    const pgdata = join(this.#folder, 'data/postgres/pgdata');
    const [here, aside] = [join(pgdata, 'PG_VERSION'), join(pgdata, 'PG_VERSION.aside')];
    const pid = Number((await readFile(join(pgdata, 'postmaster.pid'), 'utf8')).split('\n')[0]);
    await rename(here, aside);
    process.kill(pid, 'SIGQUIT');
    return () => rename(aside, here);
  }

  async call(method, path, body) {
    this.#token ??= (await this.#send('POST', 'auth/login', LOGIN)).access_token;
    return this.#send(method, path, body);
  }

  post(path, body) {
    return this.call('POST', path, body);
  }

  /** Makes a component that has been there for long enough to have some uptime. */
  component(name, more = {}) {
    const start_date = new Date(Date.now() - 60 * 24 * 3600_000).toISOString().slice(0, 10);
    return this.post('components', { name, start_date, ...more });
  }

  async #send(method, path, body) {
    const headers = { 'Content-Type': 'application/json' };
    if (this.#token) headers.Authorization = `Bearer ${this.#token}`;
    const answer = await fetch(`${this.origin}/api/v1/${path}`, { method, headers, body: JSON.stringify(body) });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path} answered ${answer.status}: ${text}`);
    return text && JSON.parse(text);
  }
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}
