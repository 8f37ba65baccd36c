// The executable. It loads as little as it can: launching a box has a bundle of its own, without the
// libraries that only the other commands need.
if (process.argv[2] === 'run') require('./run.cjs')
else require('./cli.cjs')
