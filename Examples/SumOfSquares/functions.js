// Callback style, and asynchronous: earlier numbers take longer, yet come out in order.
exports.square = (ins, outs, context, cb) => {
  const number = ins.number.data[0];
  outs.square.data = [number * number];
  setTimeout(() => cb(null, outs), 10 * (7 - number));
};

exports.sum = async (ins, outs, context, cb) => {
  outs[0].data = [ins[0].data.reduce((sum, square) => sum + square, 0)];
  cb(null, outs);
};

exports.show = (ins, outs, context, cb) => {
  console.log(`sum ${context.firingId}: ${ins.sum.data[0]}`);
  cb(null, outs);
};
