import { describeConversationStore } from '../../conversations/src/conversation-store.contract.js';
import { openTestStore } from './test-database.contract.js';

describeConversationStore('MongoDB', async () => {
  const store = await openTestStore();
  return { ...store, close: store.drop };
});
