// The 2,048 words of protocols/identity/words.txt, as code, since the core reads no files. A test compares.
// Chosen for Parley from everyday English: 3 to 8 letters, no two alike in the first four.

export const WORD_LIST: readonly string[] = `
able about above absent absorb accent accord acid acorn acre across act action actor actual adapt adjust
admire adobe adopt adult advance aerial affair afford again agenda agile agree ahead aim aisle alarm album
alcove alert algae alien align alive alley alloy almond aloe alone alpha already altar always amateur
amaze amber amble amend ample amuse anchor anger angle animal ankle annex annual answer anthem antique
anvil anybody apart apex apology apple april apron aqua arcade arch arctic area arena argue arise arm army
aroma around arrange arrive arrow artist ascend ashore aside aspect asphalt assist aster athlete atlas
atom attend attic audio august aunt author autumn avenue average avoid awake award awning axis axle azure
baby back bacon badge bagel bake balcony ballet bamboo banana band banjo bank banner barber bargain bark
barn baron barrel basic basket bass baton battery bazaar beach beam bean bear beauty beaver become before
begin behave behind beige believe bell belong belt bench bend benefit berry beside best better beyond
bicycle bike binder biology birch bird birth biscuit blade blanket blaze blend blimp blink bliss block
blond bloom blossom blouse blue bluff blur board boat body boil bold bolt bonfire bonus book boost boot
border born borrow boss botany both bottle bounce bowl box brain branch brass brave bread breeze brick
bridge brief bright bring brisk broad bronze broom brother brush bubble bucket budget buffalo bugle build
bulb bumper bundle bunny burger burst bus bush busy butter buyer buzz cabbage cabin cable cactus cadet
cafe cage cake calcium calm camel camp canal candle canoe canvas canyon cape captain carbon cargo carpet
carrot cart carve cascade cash castle casual cat catalog cattle caution cave cedar ceiling celery cello
cement census center cereal certain chain chalk change charm chase cheese chef cherry chess chicken chief
child chimney chin chip choice chorus chrome chuckle cider cinema circle citizen city civil claim clap
class clay clean clerk clever client cliff climb clinic clock cloth cloud clover clown club clue cluster
coach coal coast cobalt cocoa code coffee coin collar color column combine come comfort common concert
condor cone cookie cool copper copy coral cord core cork corn cosmic cost cottage couch count couple
course cousin cover cowboy cradle craft crane crater crayon cream credit creek crew cricket crisp critic
crop cross crowd cruise crust cube cuckoo culture cup cure curious curve cushion custom cute cycle cymbal
cypress daily dairy daisy damp dance daring dash date dawn deal dean dear debate debris decade decide deck
defend define degree delay deliver delta demand denim dense dentist depend deposit depth deputy derive
desert design desk despite detail detect develop device devote dial dice diesel diet differ digital
dignity dilemma dime dinner diploma direct disco dish display dive doctor dolphin domain donate donkey
door dose double dough dove down dozen dragon drama draw dream dress drift drill drive drop drum duck duet
dune durable during dusk dust duty dwarf dwell dynamo eager eagle early earn earth easel east easy echo
eclipse ecology economy edge edit educate effect effort egg eight either elastic elbow elder elegant
element eleven elite elk else embark ember emblem embrace emerald emotion employ empty enable enamel
encore energy engine enjoy enough enrich ensure enter entire entry envoy epic episode equal equip erase
errand essay estate eternal ethics even ever evolve exact example excite exhibit exist exit exotic expand
expert explain export express extend extra eyebrow fable fabric face fact fade fair faith falcon fall
family famous fan fancy fantasy farm fashion fast father faucet favor feast feather federal feed fellow
fence fern ferry fetch fiber fiction fiddle field fifteen fig figure filbert file film filter final finch
find finger fire firm first fiscal fish five flag flame flannel flash flat flavor fleece flex flight flint
float flock flood flour fluent fluid flute foam focus foil folder folk follow food foot forbid forest fork
formal fort forum forward fossil foster found four fox frame freedom french fresh friend fringe frog front
frost frozen fruit fuel full funnel furnace fury future gadget galaxy gale gallery game gander garage
garden garlic garment gate gather gauge gazelle gear gecko general genius genre gentle genuine geology
gesture geyser giant gift giggle ginger give glacier glad glance glass gleam glide glimpse globe glory
glove glow glue goal goat goblet gold golf gondola good goose gorge gossip govern gown grab grace grain
grand grape grass gray great green grid grill grin grip ground grove grow guest guide guild guitar gulf
guru gust gym habit hail hair half hall hammer hamster hand hangar happy harbor hard harmony harp harvest
hat hatch haven hawk hazel head health heart heavy hedge height helium helmet help herald herb hero high
hike hill hinge hint hippo hire hive hobby hockey hold hole holiday hollow home honey honor hood hook hope
horizon horn horse host hotel hour house hover however huddle human humble hummus hundred hunt hurdle
hurry hybrid hydrant hyena ice icon idea idle igloo ignite iguana image imitate immense impact import
improve impulse inch include income index indigo indoor inform ingot inhale ink inlet inner input insect
inside install intact invent invite involve inward iris iron island isolate issue item itself ivory ivy
jacket jade jaguar jam january jar jasmine jaunt jazz jeans jelly jersey jest jetty jewel jigsaw jockey
join joke jolly journey joy judge juggle juice july jumbo jump june jungle junior jury just kale karate
kayak keen keep kelp kennel kernel kettle key kilt kimono kind kiosk kitchen kite kitten kiwi knack knee
knight knit knot know koala label labor lace ladder lagoon lake lamb lamp lance land lantern lapel laptop
large laser last late latin laugh launch laurel law lawn layer leader leaf learn leather leave lecture
ledge left leg legend leisure lemon lend leopard lesson letter level liberty library license lid life lift
light like lilac lily limb lime limit linen lion lip liquid list liter little live lizard llama load loaf
loan lobby lobster local lock locust lodge loft logic long look loop loose lotion lotus loud lounge love
loyal lucky lullaby lumber lunar lunch lush lute luxury lyric machine magic magnet maid mail main major
make mallet mammal manage mango mantle manual map maple marble march margin marine market mask mass match
math matrix matter mature maximum maybe maze meadow meal mean measure meat medal media mellow melody
member memory mend mention menu mercury merit merry mesh message meteor method metro midday mild mile milk
mill mimic mind mineral mingle minor mint minute miracle mirror misty mitten mobile mocha model moist
molar mole moment monkey monsoon month mood moon moose moral morning mosaic moss motel moth motion motor
mouse move movie much muffin muscle museum music must mutual mystery myth nacho nail name napkin narrow
nation nature navy near neat nebula need neon nephew nerve nest net network neutral never news next nice
nickel niece nimble nine nobody noise nomad noodle noon normal north nose notable notch note nothing
notice nougat novel nozzle nucleus nudge number numeral nurse nut nutmeg nylon oak oasis object oboe
observe obtain occur ocean octagon october odyssey offer office often oil okay olive olympic omelet omit
once onion online only onward onyx opal open opera opinion option orange orbit order oregano organ orient
origin oriole osprey ostrich other otter ounce outer outfit outlet outside oval oven over owl owner oxygen
oyster ozone pace pacific pack paddle padlock page pagoda pail paint pair palace palette palm pan pancake
panda panel papaya paper paprika parade parcel pardon parent park parlor parrot parsley part passage pasta
patch path patio patrol pattern pause pave payment pea peace peak peanut pebble pecan peel pelican pencil
penguin pepper perch perfect period permit person petal phantom phase phone photo phrase physics piano
pick picnic pier pigeon pillow pilot pinch pine pink pipe pitch pixel pizza place plain planet plaster
plate play plaza please pledge plenty plot plow pluck plug plum plunge plus pocket podium poem poet point
polar pole police pollen polo polygon pond pony pool popcorn poplar poppy post potato pottery pouch powder
power prairie pray predict prefer premium prepare present pretty prevent price pride primary print prism
private prize process produce profit program promise proof proper proud prove public pudding puffin pulley
pulp pulse puma pump pupil puppet purple purse push puzzle pyramid python quail quantum quarter quest
quick quiet quill quince quiver quiz quota rabbit raccoon rack radar radio raffle raft rail rain raise
rake rally ramp ranch random range rapid rare rate rather ratio rattle raven ravine reach read real reason
recall receive recipe record reduce reef refer reflect refresh region rejoice relax rely remain remind
remote renew rent repair repeat reply report request rescue resort rest result retire return reunion
reveal review reward rhino rhyme rhythm rib ribbon rice rich riddle ride ridge right rigid ring rinse ripe
ripple rise rival river road roast robe robin robot robust rock rodeo role roof room root rose rotate
rough round rover royal rubber ruby rudder rug rugby rule rumble rumor rural rush rustic sable sack saddle
safari safe saffron saga sail salad salmon salon salt salute same sample sand satchel satin saturn sauce
sauna savanna save sawdust scale scan scarf scatter scene school scoop scout scrap screen script scroll
search season seat second section seed seek segment seldom select self sell seminar senate sense serene
series service sesame session settle seven shade shape share shed sheep shelf shield shift shine ship
shirt shiver shoe shop shore shovel show shrimp shuttle sibling side siege sierra sift sight sign silence
silk silver similar simple sing siren sister situate sixty size sizzle skate sketch skill skin skip skirt
sky slalom slate sleep slender slice slide slim slipper slogan slope slow small smart smile smooth snack
snail snap snorkel snow soap soccer social sock soda sofa soft soil solar solid solve some song soon
soprano sorbet sort soul sound soup south space spade spaniel spare speak special speed spell spend sphere
spice spin spiral splash split sponge spoon sport spot spray spread spring sprout spruce square squeeze
squid stable staff stage stair stamp stand star state stay steam steel stem step stereo stew stick still
stock stone stool stop store stove straw street stride strong student stuff style subject submit subway
such sudden suede suggest suit summer sun sunny super supper sure surf survey sushi suspend sustain
swallow swan sweater sweet swift swim swing switch syrup system table taco tadpole tail take talent talk
tall tamale tango tank tape target tarp task taste taxi teach team teapot tell temper ten tenant tender
tennis tenor tent term terrace test text thank that thaw theater theme theory there thick thimble thing
third thistle thorn though thread thrive throne thumb thyme ticket tidal tide tiger tile timber timid
tinsel tiny tissue titan title toast today toffee token tomato tone tongue tonic tool tooth topaz topic
torch total totem toucan tour toward tower town toy track trade trail travel tray treat tree tremble trend
trial trigger trim trio trip triumph trolley trophy trouble truck true trumpet trunk trust truth tuba tube
tugboat tulip tumble tuna tundra tune tunnel turbine turkey turn turtle tutor tuxedo twelve twenty twice
twig twin twist typical ulcer ultra umpire unable under undo unfold unicorn uniform union unique unit
unlock until unveil update uphill uphold upon upper upright upset uptown upward uranus urban urge useful
usher usual utensil utility utmost utter vacant vaccine vacuum vague valet valid valley value valve
vampire van vanilla vapor varnish vase vast vault vector vehicle vein velvet vendor venture venue verb
verdict verify version very vessel vest veteran viable vibrant victory video view vigor villa vine vintage
vinyl viola viper virtue visa visit vista visual vital vivid vocal voice volcano volley volume vote vowel
voyage wade wafer waffle wage wagon waist wait wake walk wall walnut walrus waltz wander want warm warning
wash watch water wave wax wealth wear weasel weather wedding wedge weekend welcome west whale wharf wheat
wheel when which while whisper wick wide widget wild will wind wine wing winner wire wisdom wise wish
witness wizard wombat wonder wood wool word work world worth wrap wreath wrench wrist yacht yarn year
yeast yes yield yodel yoga yogurt yolk young youth yoyo yucca yummy zebra zenith zephyr zero zest zigzag
zinc zipper zodiac zone zoo zoom
`
  .trim()
  .split(/\s+/)
