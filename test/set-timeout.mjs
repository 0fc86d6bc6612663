// Jest honours `testTimeout` only for all projects at once; each project names its own as a global.
/* global jest, projectTimeout */
jest.setTimeout(projectTimeout);
