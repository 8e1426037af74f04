// Clients of a PouchDB server, each with a database of its own there. Arguments: folder, port, file of documents, clients.
// It prints a line when the documents are in the clients, and then answers the lines `send` and `pull` by a line each.
const fs = require("fs");
const readline = require("readline");
const PouchDB = require("pouchdb");

const [folder, port, file, count] = process.argv.slice(2);
const Local = PouchDB.defaults({ prefix: `${folder}/` });
const remote = (n) => new PouchDB(`http://127.0.0.1:${port}/client${n}`);
const clients = [...Array(Number(count)).keys()];
const OPTIONS = { batch_size: 100 };

async function load() {
    const documents = JSON.parse(fs.readFileSync(file, "utf8"));
    const share = documents.length / clients.length;
    await Promise.all(
        clients.map(async (n) => {
            await new Local(`sent${n}`).bulkDocs(documents.slice(n * share, (n + 1) * share));
            await remote(n).info();
        }),
    );
}

let rounds = 0;
const orders = {
    send: (n) => new Local(`sent${n}`).replicate.to(remote(n), OPTIONS).then((done) => done.docs_written),
    pull: (n) => new Local(`pulled${n}.${rounds}`).replicate.from(remote(n), OPTIONS).then((done) => done.docs_written),
};

async function main() {
    await load();
    console.log("0");
    for await (const order of readline.createInterface({ input: process.stdin })) {
        rounds += 1;
        const documents = await Promise.all(clients.map(orders[order]));
        console.log(String(documents.reduce((sum, written) => sum + written)));
    }
}

main().catch((error) => {
    console.error(error);
    process.exit(1);
});
