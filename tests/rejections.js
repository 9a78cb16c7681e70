/** Mocha lets a rejection pass that nobody handles, and so a leak of listeners. Here each is a failure of the test that it comes to light in. */
const rejections = []

function note(error) {
  rejections.push(error)
}

function noteLeak(warning) {
  if (warning.name === 'MaxListenersExceededWarning') note(warning)
}

function check() {
  const [error] = rejections.splice(0)
  if (error) throw error
}

exports.mochaHooks = {
  beforeAll() {
    process.on('unhandledRejection', note)
    process.on('warning', noteLeak)
  },
  afterEach: check,
  async afterAll() {
    // what the last test has left behind comes to light a little later
    await new Promise(resolve => setTimeout(resolve, 20))
    process.off('unhandledRejection', note)
    process.off('warning', noteLeak)
    check()
  },
}

// Cordis makes an error for every look at a context, and its trace takes a tenth of the time of the tests
Error.stackTraceLimit = 5
