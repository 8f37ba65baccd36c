/**
 * Is this the name of a variable, or a piece of a secret that looks like one? A wrapped base64 blob can
 * end in a line such as `QUJDREVG=`, which every dotenv parser takes for a name. So only names that people
 * give are shown: one case, words joined by underscores, at least one word that could be one.
 */

const MAX_NAME = 64

export function isConventionalName(name: string): boolean {
  if (name.length > MAX_NAME) return false
  if (
    !/^_{0,2}[A-Z][A-Z0-9]*(?:_{1,2}[A-Z0-9]+)*$/.test(name) &&
    !/^_{0,2}[a-z][a-z0-9]*(?:_{1,2}[a-z0-9]+)*$/.test(name)
  ) {
    return false
  }
  const words = name
    .toLowerCase()
    .split('_')
    .filter((word) => word !== '')
  if (words.length === 0 || words.some(looksRandom)) return false
  // Up to three characters tell nothing, whatever they are.
  return name.length <= 3 || words.some(isWord)
}

/** Hex, or letters and digits mixed as nobody names things. */
function looksRandom(word: string): boolean {
  if (/^[0-9a-f]{6,}$/.test(word) && (/[0-9]/.test(word) || word.length >= 8)) return true
  const changes = word.match(/[a-z](?=[0-9])|[0-9](?=[a-z])/g)?.length ?? 0
  return changes > 2 || /[0-9]{5}/.test(word) || word.length > 24
}

/** A known abbreviation, or letters that follow each other in words. */
function isWord(word: string): boolean {
  const letters = word.replace(/[0-9]/g, '')
  if (KNOWN.has(letters)) return true
  if (letters.length < 3 || !/[aeiouy]/.test(letters)) return false
  for (let at = 0; at + 1 < letters.length; at++) {
    if (!PAIRS.has(letters.slice(at, at + 2))) return false
  }
  return true
}

/** Abbreviations in variables' names that have no look of a word. */
const KNOWN = new Set(
  (
    'db id ip os ui ci tz vm ai pg ws qa http https smtp imap ldap mysql pgsql mssql sqlite postgresql rabbitmq amqp mqtt grpc html xml json yaml toml jwt jwks oauth ' +
    'oidc saml totp hmac rsa dsa ecdsa tls ssl ssh sftp ftp cdn dns cors csrf xsrf sdk cli npm pnpm gcp aws gcs kms sqs sns rds ' +
    'ecs eks vpc dkim spf tcp udp url uri urls uris uuid guid utf cpu gpu pwd passwd pswd psql pghost pguser pgport ' +
    'pgpassword pgdatabase dburl dbname dbuser dbhost dbport dbpass appid apikey nextjs vite vercel github gitlab bitbucket ' +
    'nginx webhook webpack cfg conf config ctx tmp src dst msg cmd proxy fqdn hostname pubsub elasticsearch opensearch kafka ' +
    'cloudflare digitalocean posthog mixpanel firebase supabase mongodb dynamodb xray zipkin nodejs cypress phpmyadmin'
  ).split(' '),
)

/** Pairs of letters that are common inside words of English and inside names made of them. */
const PAIRS = new Set(
  (
    'ab ac ad ae af ag ah ai ak al am an ap aq ar as at au av aw ax ay az ba be bi bl bo br bs bu by ca cc ce ch ci ck cl co cr ' +
    'cs ct cu cy da db dd de df dg dh di dl dm dn do dr ds du dv dw dy ea eb ec ed ee ef eg eh ei ek el em en eo ep eq er es et eu ' +
    'ev ew ex ey ez fa fe ff fi fl fo fr fs ft fu ga ge gg gh gi gl gn go gr gs gt gu gy ha he hi ho hr hs ht hu hy ia ib ic id ie ' +
    'if ig ik il im in io ip ir is it iv ix iz ja je jo ju ka ke ki kl kn ko ks ku ky la lb lc ld le lf lg li lk ll lm lo lp ls lt ' +
    'lu lv ly ma mb me mf mi mm mo mp ms mu my na nb nc nd ne nf ng nh ni nj nk nl nm nn no np nr ns nt nu nv ny oa ob oc od oe of ' +
    'og oh oi ok ol om on oo op or os ot ou ov ow ox oy pa pe ph pi pl po pp pr ps pt pu py qu ra rb rc rd re rf rg rh ri rk rl rm ' +
    'rn ro rp rr rs rt ru rv rw ry sa sb sc se sf sh si sk sl sm sn so sp sq ss st su sw sy ta tb tc te tf th ti tl tm to tp tr ts ' +
    'tt tu tw ty ua ub uc ud ue uf ug ui uk ul um un uo up ur us ut va ve vi vo vy wa wb we wh wi wl wn wo wr ws xa xc xe xi xp xt ' +
    'ya ye yi ym yn yo yp yr ys yt za ze zi zo zu zy zz'
  ).split(' '),
)
