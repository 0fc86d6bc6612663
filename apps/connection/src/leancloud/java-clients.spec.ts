import { isJava } from './java-clients.js';

it.each([
  ['LeanCloud-Java-SDK/6.0.5', true],
  ['android/5.0', true],
  ['js/5.0.0-rc.8', false],
  ['JavaScript/1', false],
  [undefined, false],
])('knows by %p whether a client is for Java', (ua, answer) => {
  expect(isJava(ua === undefined ? {} : { ua })).toBe(answer);
});
