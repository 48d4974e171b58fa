#!/usr/bin/env bash
# The service's own Node.js client takes a redirected change for a success, and reads a DELETE's answer as a text.
#
# sparkpost 2.1.4 (npm), the client of this API's former name. Only 4xx and 5xx reject: a create, an update or a delete
# that is answered 307 resolves, and nothing was changed. DELETE alone is sent without asking for JSON: where a get's
# 404 rejects with the service's errors, a delete's 404 has none; a 204 resolves to an empty text, where an update's 204
# resolves to undefined. getBatchStatus with limit 0 sends no limit, so the service's default applies.
#
# Why it matters: scripts written with it say "deleted" and "updated" behind a proxy that redirects, and their logs
# lack the reason of a refused delete. What it reports is no proof: look at the webhook itself.
. "$(dirname "$0")/_lib.sh"
[ -n "$(command -v npm)" ] || skip "npm"
install_npm sparkpost@2.1.4

cat >"$work/ask.js" <<'JS'
const http = require('http');
const SparkPost = require('sparkpost');

let status;
let asked;
const server = http.createServer((request, response) => {
  asked = `${request.method} ${request.url.split('/').pop()}`;
  request.resume();
  request.on('end', () => {
    response.writeHead(status, { 'Content-Type': 'application/json', Location: '/elsewhere' });
    response.end(status === 204 ? '' : '{"errors": [{"message": "said by the service"}]}');
  });
});

server.listen(0, '127.0.0.1', async () => {
  const { webhooks } = new SparkPost('key', { endpoint: `http://127.0.0.1:${server.address().port}` });
  const show = async (answer, name, call) => {
    status = answer;
    let end;
    try {
      const value = await call();
      end = `resolved to ${value === undefined ? value : JSON.stringify(value).slice(0, 12)}`;
    } catch (error) {
      end = `rejected, errors: ${JSON.stringify(error.errors)}`;
    }
    console.log(`${name} answered ${answer}: ${end}`);
  };
  await show(307, 'create', () => webhooks.create({ name: 'x' }));
  await show(307, 'update', () => webhooks.update('id', { name: 'x' }));
  await show(307, 'delete', () => webhooks.delete('id'));
  await show(404, 'get', () => webhooks.get('id'));
  await show(404, 'delete', () => webhooks.delete('id'));
  await show(204, 'update', () => webhooks.update('id', { name: 'x' }));
  await show(204, 'delete', () => webhooks.delete('id'));
  for (const limit of [0, 1]) {
    await show(200, `status, limit ${limit},`, () => webhooks.getBatchStatus('id', { limit }));
    console.log(`  asked: ${asked}`);
  }
  server.close();
});
JS
node "$work/ask.js" | tee "$work/seen"

expect <<'SEEN'
create answered 307: resolved to {"errors":[{
update answered 307: resolved to {"errors":[{
delete answered 307: resolved to "{\"errors\"
get answered 404: rejected, errors: [{"message":"said by the service"}]
delete answered 404: rejected, errors: undefined
update answered 204: resolved to undefined
delete answered 204: resolved to ""
status, limit 0, answered 200: resolved to {"errors":[{
  asked: GET batch-status
status, limit 1, answered 200: resolved to {"errors":[{
  asked: GET batch-status?limit=1
SEEN
