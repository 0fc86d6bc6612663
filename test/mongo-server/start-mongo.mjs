// A server that speaks MongoDB's protocol, for tests of the mongo adapters: the one named by MONGODB_URI, or a mongod
// on the PATH, or a Java server that keeps everything in memory.
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fetchJars } from '../maven-jars.mjs';

const here = import.meta.dirname;
const jars = join(here, '..', '..', '.cache', 'mongo-server');
const START_TIMEOUT_MS = 60_000;

const onPath = (name) =>
  (process.env.PATH ?? '').split(delimiter).some((folder) => existsSync(join(folder, name)));

/** @returns {Promise<{ uri: string, engine: string, stop(): Promise<void> }>} `uri` names no database. */
export async function startMongo() {
  if (process.env.MONGODB_URI)
    return { uri: process.env.MONGODB_URI, engine: 'given', stop: () => Promise.resolve() };
  return onPath('mongod') ? await startMongod() : await startJavaServer();
}

async function startMongod() {
  const port = await freePort();
  const data = mkdtempSync(join(tmpdir(), 'hongyan-mongod-'));
  const child = spawn(
    'mongod',
    ['--dbpath', data, '--port', String(port), '--bind_ip', '127.0.0.1', '--replSet', 'tests', '--quiet'],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  await lineOf(child, /Waiting for connections/i, 'mongod');
  const uri = `mongodb://127.0.0.1:${port}/?directConnection=true`;
  await initiate(uri, port);
  return {
    uri,
    engine: 'mongod',
    stop: async () => {
      await ended(child, () => child.kill('SIGTERM'));
      rmSync(data, { recursive: true, force: true });
    },
  };
}

/** Makes the server a replica set of one, which majority writes and reads need, and waits until it is the primary. */
async function initiate(uri, port) {
  const { default: mongoose } = await import('mongoose');
  const connection = await mongoose.createConnection(uri).asPromise();
  try {
    const admin = connection.getClient().db('admin');
    await admin.command({
      replSetInitiate: { _id: 'tests', members: [{ _id: 0, host: `127.0.0.1:${port}` }] },
    });
    const until = Date.now() + START_TIMEOUT_MS;
    while (!(await admin.command({ hello: 1 })).isWritablePrimary) {
      if (Date.now() > until) throw new Error('mongod did not become a primary');
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  } finally {
    await connection.close();
  }
}

async function startJavaServer() {
  fetchJars(
    join(here, 'pom.xml'),
    jars,
    'the tests of the mongo adapters need Maven (mvn) and a JDK, or mongod, or MONGODB_URI',
  );
  const port = await freePort();
  const child = spawn('java', ['-Xmx768m', '-cp', join(jars, '*'), join(here, 'Server.java'), String(port)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  await lineOf(child, /^ready$/, 'java (the tests of the mongo adapters need a JDK, 17 or newer)');
  return {
    uri: `mongodb://127.0.0.1:${port}/`,
    engine: 'mongo-java-server',
    stop: () => ended(child, () => child.stdin.end()),
  };
}

/** Resolves when the program prints such a line; rejects if it cannot start, ends before, or takes too long. */
function lineOf(child, wanted, name) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => fail(new Error(`${name} did not start in time`)), START_TIMEOUT_MS);
    const fail = (error) => {
      clearTimeout(timer);
      child.kill('SIGKILL');
      reject(error);
    };
    child.once('error', (error) => fail(new Error(`${name} cannot be started: ${error.message}`)));
    child.once('exit', (status) => fail(new Error(`${name} ended with status ${status}`)));
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (!wanted.test(line)) return;
      clearTimeout(timer);
      child.removeAllListeners('exit');
      resolve();
    });
  });
}

function ended(child, end) {
  if (child.exitCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    child.once('exit', () => resolve());
    end();
  });
}

function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}
