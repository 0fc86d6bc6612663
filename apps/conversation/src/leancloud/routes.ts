import { appRoutes } from './app-routes.js';
import { batchRoutes } from './batch-routes.js';
import { classRoutes } from './class-routes.js';
import { clientRoutes } from './client-routes.js';
import { conversationRoutes } from './conversation-routes.js';
import { disciplineRoutes } from './discipline-routes.js';
import { memberInfoClassRoutes } from './member-info-class.js';
import { messageRoutes } from './message-routes.js';
import type { LeanCloudRoute } from './route.js';
import { serviceRoutes } from './service-routes.js';
import { v1Routes } from './v1-routes.js';

const singleRoutes: readonly LeanCloudRoute[] = [
  ...conversationRoutes,
  ...messageRoutes,
  ...disciplineRoutes,
  ...serviceRoutes,
  ...clientRoutes,
  ...appRoutes,
  ...classRoutes,
  ...memberInfoClassRoutes,
  ...v1Routes,
];

/** LeanCloud's REST API for tenants' servers, as far as it is about realtime. */
export const leanCloudRoutes: readonly LeanCloudRoute[] = [...singleRoutes, ...batchRoutes(singleRoutes)];
