export { DiskSet } from './disk-set.js';
