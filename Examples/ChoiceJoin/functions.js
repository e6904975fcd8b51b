// Only outputs with the condition "true" are sent; the merge signal tells the join how many they are.
exports.choose = (ins, outs, context, cb) => {
  const number = ins.number.data[0];
  [2, 3, 5].forEach((divisor, index) => {
    if (number % divisor !== 0) return;
    outs[index].condition = 'true';
    outs[index].data = [number / divisor];
  });
  cb(null, outs);
};

exports.pass = (ins, outs, context, cb) => {
  outs[0].data = ins[0].data;
  cb(null, outs);
};

exports.report = (ins, outs, context, cb) => {
  const parts = ins.map((input) => `${input.name}=${input.data[0]}`);
  console.log(`join ${context.firingId}: ${parts.join(' ')}`);
  cb(null, outs);
};
