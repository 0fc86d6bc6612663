// One server per run of jest; each suite makes databases of its own in it. Teardown stops it.
import { startMongo } from './start-mongo.mjs';

export default async function () {
  const server = await startMongo();
  globalThis.hongyanMongo = server;
  process.env.HONGYAN_TEST_MONGODB_URI = server.uri;
  process.env.HONGYAN_TEST_MONGODB_ENGINE = server.engine;
}
