// Who may import whom. `npm run check:deps` runs this and fails if files were left unread.

const TEST_CODE = '\\.(spec|contract)\\.ts$|^test/';
const LIB_INDEX = '^libs/[^/]+/src/index\\.ts$';
const package_ = (names) => `(^|/)node_modules/(${names})(/|$)|^(${names})(/|$)`;

const domain = '^libs/(protocol|filter|conversations|apps|sessions|delivery|leancloud)/';
const runtimes = [
  package_(
    '@nestjs/[^/]+|socket\\.io|socket\\.io-client|@socket\\.io/[^/]+|engine\\.io|mongoose|mongodb|ioredis|bullmq|express',
  ),
  '^(node:)?sqlite$',
];

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: 'no-circular',
      comment: 'Two files that need each other are one idea in the wrong places.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-unresolvable',
      comment: 'An import that leads nowhere would escape every other rule.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'libs-not-to-apps',
      comment: 'Dependencies point inward: apps compose libs.',
      severity: 'error',
      from: { path: '^libs/' },
      to: { path: '^(apps|samples|tools)/' },
    },
    {
      name: 'no-app-to-other-app',
      comment: 'Apps are separate processes. Only standalone composes them.',
      severity: 'error',
      from: { path: '^apps/([^/]+)/', pathNot: '^apps/(standalone|cli)/' },
      to: { path: '^apps/', pathNot: '^apps/$1/' },
    },
    {
      name: 'cli-only-to-standalone',
      comment: 'The command line starts standalone and otherwise works through libs.',
      severity: 'error',
      from: { path: '^apps/cli/' },
      to: { path: '^apps/', pathNot: '^apps/(cli|standalone)/' },
    },
    {
      name: 'libs-by-index-only',
      comment: 'The index is the only door of a lib.',
      severity: 'error',
      from: { path: '^(apps|sdk|samples)/', pathNot: TEST_CODE },
      to: { path: '^libs/', pathNot: LIB_INDEX },
    },
    {
      name: 'libs-by-index-only-among-libs',
      comment: 'The index is the only door of a lib, for other libs too.',
      severity: 'error',
      from: { path: '^libs/([^/]+)/', pathNot: TEST_CODE },
      to: { path: '^libs/', pathNot: ['^libs/$1/', LIB_INDEX] },
    },
    {
      name: 'libs-by-index-only-in-tests',
      comment: 'Tests of other modules may besides use the contract suites of a lib.',
      severity: 'error',
      from: { path: '^(?:apps|sdk|libs/([^/]+))/.*\\.(spec|contract)\\.ts$|^test/' },
      to: { path: '^libs/', pathNot: ['^libs/$1/', LIB_INDEX, '\\.contract\\.ts$'] },
    },
    {
      name: 'domain-without-runtime',
      comment:
        'Rules of the domain know no framework, no driver and no socket library; nest-*.ts is the wiring.',
      severity: 'error',
      from: { path: domain, pathNot: ['/nest-[^/]+\\.ts$', TEST_CODE] },
      to: { path: runtimes },
    },
    {
      name: 'sqlite-in-its-store-only',
      comment: 'One owner per technology.',
      severity: 'error',
      from: { pathNot: '^(libs/store-sqlite|test)/' },
      to: { path: '^(node:)?sqlite$' },
    },
    {
      name: 'mongo-in-its-store-only',
      comment: 'One owner per technology.',
      severity: 'error',
      from: { pathNot: '^(libs/store-mongo|test)/|node_modules' },
      to: { path: package_('mongoose|mongodb') },
    },
    {
      name: 'sdk-knows-only-the-protocol',
      comment: 'The SDK runs without the server.',
      severity: 'error',
      from: { path: '^sdk/js/src/', pathNot: '\\.spec\\.ts$' },
      to: { path: '^(apps|libs|test|tools)/', pathNot: '^libs/protocol/src/index\\.ts$' },
    },
    {
      name: 'sdk-takes-types-only',
      comment: 'The protocol library brings server-side schemas, which would burst the SDK’s size.',
      severity: 'error',
      from: { path: '^sdk/js/src/', pathNot: '\\.spec\\.ts$' },
      to: { path: '^libs/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'no-test-code-in-production',
      comment: 'Specs, contract suites and test/ are for tests.',
      severity: 'error',
      from: { path: '^(apps|libs|sdk|samples)/', pathNot: TEST_CODE },
      to: { path: TEST_CODE },
    },
    {
      name: 'no-dev-packages-in-production',
      comment: 'What runs must be among the dependencies.',
      severity: 'error',
      from: { path: '^(apps|libs|sdk/js/src)/', pathNot: TEST_CODE },
      to: {
        dependencyTypes: ['npm-dev', 'npm-no-pkg'],
        dependencyTypesNot: ['type-only'],
        pathNot: 'node_modules/@types/',
      },
    },
  ],
  options: {
    doNotFollow: { path: ['node_modules', '^dist/', '^sdk/js/dist/'] },
    exclude: { path: ['^dist/', '^tools/'] },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
      mainFields: ['module', 'main', 'types'],
      extensions: ['.ts', '.js', '.mjs', '.cjs', '.json', '.d.ts'],
    },
  },
};
