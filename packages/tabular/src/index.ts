/** The embedded trainer (gradient boosting, linear) and its ONNX writer. */
export {};
