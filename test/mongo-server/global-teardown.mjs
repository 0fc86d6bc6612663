export default async function () {
  await globalThis.hongyanMongo?.stop();
}
