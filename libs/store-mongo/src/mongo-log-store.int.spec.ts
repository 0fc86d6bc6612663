import { describeLogStore } from '../../conversations/src/log-store.contract.js';
import { openTestStore } from './test-database.contract.js';

describeLogStore('MongoDB', async () => {
  const store = await openTestStore();
  return { ...store, close: store.drop };
});
