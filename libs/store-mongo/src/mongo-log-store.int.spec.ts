import { describeLogReads } from '../../conversations/src/log-reads.contract.js';
import { describeLogStore } from '../../conversations/src/log-store.contract.js';
import { openTestStore } from './test-database.contract.js';

const open = async () => {
  const store = await openTestStore();
  return { ...store, close: store.drop };
};

describeLogStore('MongoDB', open);
describeLogReads('MongoDB', open);
