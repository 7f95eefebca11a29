'use strict';

// Amazon's SDK and its Express adapter, doing the work of one turn: signature and timestamp by the
// adapter, the access token by AWS's own library, one prepared SELECT, one answer.
//
// Settings come by environment: PORT, DATABASE_URL (PostgreSQL), ALEXA_DEV_PKI_DIR,
// ALEXA_SKILL_IDS, COGNITO_ISSUER, COGNITO_JWKS_URL, COGNITO_ALEXA_CLIENT_ID.

const { counts, useDevelopmentChain } = require('./development_chain');

useDevelopmentChain(process.env.ALEXA_DEV_PKI_DIR); // before the adapter asks for any chain

const Alexa = require('ask-sdk-core');
const { ExpressAdapter } = require('ask-sdk-express-adapter');
const { CognitoJwtVerifier } = require('aws-jwt-verify');
const { SimpleJwksCache } = require('aws-jwt-verify/jwk');
const express = require('express');
const { Pool } = require('pg');

const PROFILE = {
  name: 'profile', // a name: the statement is prepared once a connection
  text:
    'SELECT display_name FROM accounts_profile' +
    ' JOIN accounts_user ON accounts_user.id = accounts_profile.user_id WHERE sub = $1',
};

const pool = new Pool({ connectionString: process.env.DATABASE_URL });

// the region's address of the keys would be fetched over https: a measurement has its own
const fetcher = { fetch: async () => (await fetch(process.env.COGNITO_JWKS_URL)).arrayBuffer() };

const tokens = CognitoJwtVerifier.create(
  {
    userPoolId: process.env.COGNITO_ISSUER.split('/').pop(),
    tokenUse: 'access',
    clientId: process.env.COGNITO_ALEXA_CLIENT_ID,
  },
  { jwksCache: new SimpleJwksCache({ fetcher }) },
);

const WhoAmI = {
  canHandle: ({ requestEnvelope }) =>
    Alexa.getRequestType(requestEnvelope) === 'IntentRequest' &&
    Alexa.getIntentName(requestEnvelope) === 'WhoAmIIntent',

  async handle({ requestEnvelope }) {
    let claims;
    try {
      // the faster of the two ways that the library has; the other one awaits
      claims = tokens.verifySync(Alexa.getAccountLinkingAccessToken(requestEnvelope));
    } catch {
      return said('Please link your account.', { card: { type: 'LinkAccount' } });
    }
    const { rows } = await pool.query({ ...PROFILE, values: [claims.sub] });
    return said(`You are ${rows[0].display_name}.`);
  },
};

function said(text, parts = {}) {
  return { outputSpeech: { type: 'PlainText', text }, shouldEndSession: true, ...parts };
}

async function main() {
  await tokens.hydrate(); // fetches the keys, so that a token can be verified without waiting
  const skill = Alexa.SkillBuilders.custom()
    .addRequestHandlers(WhoAmI)
    .withSkillId(process.env.ALEXA_SKILL_IDS.split(',')[0])
    .create();
  const app = express();
  app.post('/alexa/', new ExpressAdapter(skill, true, true).getRequestHandlers());
  app.listen(Number(process.env.PORT), '127.0.0.1');
}

process.on('SIGTERM', () => {
  // so that it can be seen that a warm turn did neither
  console.log(`chains fetched: ${counts.fetched}, validated: ${counts.validated}`);
  process.exit(0);
});
main();
