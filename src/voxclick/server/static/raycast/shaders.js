/** The programs of the ray caster. */

export const RECTANGLE = `#version 300 es
out vec2 place;
void main() {
  place = vec2((gl_VertexID << 1) & 2, gl_VertexID & 2);
  gl_Position = vec4(2.0 * place - 1.0, 0.0, 1.0);
}`;

/** Surfaces of the labels, lit from the eye, in a faint projection of the image as in a radiograph. */
export const CAST = `#version 300 es
precision highp float;
precision highp sampler3D;
uniform sampler3D image;
uniform sampler3D labels;
uniform sampler3D occupied;
uniform sampler2D colours;
uniform vec3 size;      // of the volume in units of its longest side
uniform vec3 cells;
uniform mat3 turn;      // from the screen to the volume
uniform vec2 extent;    // of the screen in the same units
uniform float stride;   // in units of its longest side
in vec2 place;
out vec4 shade;

float solid(vec3 at) { return texture(occupied, at).r; }

void main() {
  vec2 screen = (place - 0.5) * extent;
  vec3 eye = turn * vec3(screen, 2.0);
  vec3 way = turn * vec3(0.0, 0.0, -1.0);
  vec3 safe = mix(way, vec3(1e-6), lessThan(abs(way), vec3(1e-6)));
  vec3 one = (-0.5 * size - eye) / safe;
  vec3 other = (0.5 * size - eye) / safe;
  vec3 least = min(one, other);
  vec3 most = max(one, other);
  float enter = max(max(least.x, least.y), least.z);
  float leave = min(min(most.x, most.y), most.z);
  shade = vec4(0.0);
  if (leave <= enter) return;

  float depth = 0.0;
  float t = enter + 0.5 * stride;
  for (; t < leave; t += stride) {
    vec3 at = (eye + t * way) / size + 0.5;
    if (solid(at) > 0.5) break;
    depth += texture(image, at).r * stride;
  }
  vec3 behind = vec3(0.62, 0.72, 0.84) * (1.0 - exp(-1.6 * depth)) * 0.8;
  shade = vec4(behind, 1.0);
  if (t >= leave) return;

  float outside = t - stride;
  for (int halving = 0; halving < 5; halving++) {
    float middle = 0.5 * (outside + t);
    if (solid((eye + middle * way) / size + 0.5) > 0.5) t = middle; else outside = middle;
  }
  vec3 at = (eye + t * way) / size + 0.5;
  vec3 apart = 1.5 / cells;
  vec3 slope = vec3(
    solid(at + vec3(apart.x, 0, 0)) - solid(at - vec3(apart.x, 0, 0)),
    solid(at + vec3(0, apart.y, 0)) - solid(at - vec3(0, apart.y, 0)),
    solid(at + vec3(0, 0, apart.z)) - solid(at - vec3(0, 0, apart.z)));
  vec3 normal = normalize(-slope / size + 1e-6);
  // the label is that of the cell just inside the surface
  vec3 inside = (eye + t * way) / size + 0.5 - normal * 0.6 / cells;
  float label = texture(labels, inside).r;
  if (label == 0.0) label = texture(labels, at + way / size / cells).r;
  vec3 colour = texelFetch(colours, ivec2(int(label * 255.0 + 0.5), 0), 0).rgb;
  float light = max(dot(normal, -way), 0.0);
  vec3 lit = colour * (0.25 + 0.75 * light) + 0.18 * pow(light, 24.0);
  shade = vec4(mix(lit, behind, 0.12), 1.0);
}`;

export const SHOW = `#version 300 es
precision highp float;
uniform sampler2D picture;
in vec2 place;
out vec4 shade;
void main() { shade = texture(picture, place); }`;
