// Prints what Node's own `fetch` gets from URLs. Node 20's has to be told of the proxy; newer ones read
// NODE_USE_ENV_PROXY.
import { EnvHttpProxyAgent, setGlobalDispatcher } from 'undici'

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
if (major < 22 || (major === 22 && minor < 21)) setGlobalDispatcher(new EnvHttpProxyAgent())
const texts = await Promise.all(process.argv.slice(2).map(async (url) => (await fetch(url)).text()))
process.stdout.write(texts.join(''))
