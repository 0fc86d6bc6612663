import { describeEveryone } from '../../conversations/src/everyone.contract.js';
import { describeMemberStore } from '../../conversations/src/member-store.contract.js';
import { describeUnread } from '../../conversations/src/unread.contract.js';
import { openTestStore } from './test-database.contract.js';

const open = async () => {
  const store = await openTestStore();
  return { ...store, close: store.drop };
};

describeMemberStore('MongoDB', open);
describeUnread('MongoDB', open, 10);
describeEveryone('MongoDB', open);
