// The SDKs' own timers decide much of what these scenarios wait for: one that fails is tried once more, and its first
// failure is printed.
jest.retryTimes(1, { logErrorsBeforeRetry: true });
