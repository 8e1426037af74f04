// A PouchDB server: express-pouchdb with no more than replication needs, over LevelDB. Arguments: folder, port.
const express = require("express");
const PouchDB = require("pouchdb");
const expressPouchDB = require("express-pouchdb");

const [folder, port] = process.argv.slice(2);
const app = express();
app.use("/", expressPouchDB(PouchDB.defaults({ prefix: `${folder}/` }), { mode: "minimumForPouchDB" }));
app.listen(Number(port), "127.0.0.1");
