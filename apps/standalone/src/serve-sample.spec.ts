import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Server } from 'node:http';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { App, AppDirectory } from '@hongyan/apps';
import request from 'supertest';
import { sampleApp } from '../../connection/src/fixtures.contract.js';
import { DEMO_APP_ID, serveSample } from './serve-sample.js';

@Module({})
class NoDoors {}

const folder = mkdtempSync(join(tmpdir(), 'hongyan-sample-'));
const apps = new Map<string, App>();
let app: NestExpressApplication;
let server: Server;

beforeAll(async () => {
  writeFileSync(join(folder, 'index.html'), '<title>sample</title>');
  app = await NestFactory.create<NestExpressApplication>(NoDoors, { logger: false });
  serveSample(app, folder, { find: (id) => Promise.resolve(apps.get(id)) } as AppDirectory);
  await app.init();
  server = app.getHttpServer();
});

afterAll(async () => {
  await app.close();
  rmSync(folder, { recursive: true });
});

beforeEach(() => apps.clear());

const demo = (unsigned: boolean): App => {
  const sample = sampleApp(DEMO_APP_ID);
  return { ...sample, login: { ...sample.login, unsigned } };
};

describe('the sample', () => {
  it('is at /sample/', async () => {
    await request(server).get('/sample').expect(301).expect('location', '/sample/');
    await request(server)
      .get('/sample/')
      .expect(200, /sample/);
  });

  it('is told the demo app', async () => {
    apps.set(DEMO_APP_ID, demo(true));
    const answer = await request(server).get('/sample/config.json').expect(200);
    expect(answer.body).toEqual({ appId: DEMO_APP_ID });
  });

  it.each([
    ['there is none', []],
    ['others exist only', [{ ...demo(true), id: 'other' as App['id'] }]],
    ['it wants signed logins', [demo(false)]],
  ])('is told no app when %s', async (_, there) => {
    for (const one of there) apps.set(one.id, one);
    await request(server).get('/sample/config.json').expect(404);
  });
});
