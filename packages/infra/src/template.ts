/**
 * Program of the target `template`: `node packages/infra/src/template.ts [FOLDER]`, by default `dist/template`. The images of a
 * release are in `PUBLISHED_IMAGES`, as `scripts/publish-images.mjs` prints them.
 */
import { join } from 'node:path';
import { parseImages } from './constructs/published-images.ts';
import { PACKAGE_DIRECTORY } from './product-files.ts';
import { writeTemplate } from './template/write-template.ts';

const folder = process.argv[2] ?? join(PACKAGE_DIRECTORY, '../../dist/template');
const { PUBLISHED_IMAGES: images } = process.env;
const codeFiles = writeTemplate(folder, images ? parseImages(images) : {});
console.log(`${folder}: template.json, ${Object.values(codeFiles).join(', ')}`);
