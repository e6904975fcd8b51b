// Modules keep their state from one firing to the next.
let rallies = 0;

function hit(ins, outs, context, cb) {
  const hits = ins[0].data[0].hits + 1;
  console.log(`${context.name} ${hits}`);
  outs[0].data = [{ hits }];
  cb(null, outs);
}

exports.ping = (ins, outs, context, cb) => {
  rallies += 1;
  console.log(`rally ${rallies}`);
  hit(ins, outs, context, cb);
};
exports.pong = hit;
