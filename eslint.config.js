import js from "@eslint/js";
import globals from "globals";

const NODE = ["static/build.mjs", "static/sizes.mjs", "eslint.config.js", "tests/js/**"];

export default [
  { ignores: ["static/dist/", "node_modules/", ".venv/", "data/", "build/"] },
  js.configs.recommended,
  {
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules: {
      "array-callback-return": "error",
      "consistent-return": "off",
      "default-case-last": "error",
      "dot-notation": "error",
      eqeqeq: "error",
      "max-lines": ["error", { max: 250, skipBlankLines: true }],
      "no-constructor-return": "error",
      "no-else-return": "error",
      "no-eval": "error",
      "no-implicit-globals": "error",
      "no-implied-eval": "error",
      "no-lonely-if": "error",
      "no-new-func": "error",
      "no-self-compare": "error",
      "no-template-curly-in-string": "error",
      "no-unmodified-loop-condition": "error",
      "no-unreachable-loop": "error",
      "no-unused-vars": ["error", { argsIgnorePattern: "^_" }],
      "no-useless-concat": "off",
      "no-useless-return": "error",
      "no-var": "error",
      "object-shorthand": "error",
      "prefer-const": "error",
      "prefer-object-spread": "error",
      "prefer-template": "error",
      "require-atomic-updates": "off",
      radix: "error",
      yoda: "error",
    },
  },
  { files: ["static/js/**/*.js"], languageOptions: { globals: globals.browser } },
  { files: ["static/js/**/*.worker.js"], languageOptions: { globals: globals.worker } },
  { files: NODE, languageOptions: { globals: globals.node } },
  { files: ["tests/js/**"], languageOptions: { globals: { location: "readonly" } } },
];
